"""Ten parts, two lists and three lengths of TF32: what is held is measured and put in its place."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, NamedTuple

import pytest
from recorded import Answers, Recorded, holding

MET, NOT, OPEN, NONE = "met", "not_met", "undetermined", None


class Part(NamedTuple):
    """A part of the table of accelerators, and what is said of it where TF32 is left out.

    Attributes:
        tpp: Total processing performance that binds, from published dense rates; None unknown.
        a1: 4,800 TPP and above.
        a2: 1,600 TPP and a density of 5.92; open where nobody published the die.
        b: Either limb of paragraph b, outside paragraph a.
        window: Below 21,000 TPP and 6,500 GB/s, of what the list covers.
    """

    tpp: str | None
    a1: str
    a2: str
    b: str
    window: str | None


PARTS: Final = {
    "nvidia-h100-sxm5": Part("15832", MET, MET, NOT, MET),
    "nvidia-h200-sxm": Part("15832", MET, MET, NOT, MET),
    "nvidia-h20": Part("2368", NOT, NOT, NOT, NONE),
    "amd-mi300x": Part("20919.2", MET, OPEN, NOT, MET),
    "amd-mi308x": Part(None, OPEN, OPEN, OPEN, OPEN),
    "nvidia-l4": Part("1940", NOT, MET, NOT, MET),
    "nvidia-rtx-4090d": Part("4707.2", NOT, "excepted", NOT, NONE),
    "intel-gaudi3": Part("29360", MET, OPEN, NOT, NOT),
    "amd-mi355x": Part("60397.8", MET, OPEN, NOT, NOT),
    "aws-trainium2": Part("10672", MET, OPEN, NOT, MET),
}
TRAINIUM2: Final = {"left-out": "10672", "bits-19": "12673", "bits-32": "21344"}
"""667 TFLOP/s dense, times the 16 bits of BF16 or the 19 or 32 that TF32 is read to have."""

LIST: Final = "us.ear.3a090"
WINDOW: Final = "us.ear.2026-h200/parameters"


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answers]:
    """What is said on 22 November 2026 of eight of each part, under each reading."""
    made = Recorded(tmp_path_factory.mktemp("chips"), day="2026-11-22")
    made.record(*(holding(name) for name in PARTS))
    asked = ("--regime", LIST, "--regime", WINDOW.partition("/")[0], "--reading")
    return {each: made.check(*asked, f"tf32-operand={each}") for each in TRAINIUM2}


def measured(found: dict[str, Any]) -> str | None:
    point: str | None = found["measured"]["processing_performance"]["point"]
    return point


@pytest.mark.parametrize("reading", TRAINIUM2)
@pytest.mark.parametrize("name", PARTS)
def test_part_is_in_the_paragraph_that_its_figures_put_it_in(
    read: dict[str, Answers], name: str, reading: str
) -> None:
    said, part, device = read[reading], PARTS[name], f"device:{name}"
    first = said.of(f"{LIST}/a-1", device)
    tpp = TRAINIUM2[reading] if name == "aws-trainium2" else part.tpp
    assert (first["finding"], measured(first)) == (part.a1, tpp)
    if tpp is not None:
        assert Fraction(first["margin"]) == abs(Fraction(tpp) - 4800)
    assert said.word(f"{LIST}/a-2", device) == part.a2
    either = MET if MET in {part.a1, part.a2} else OPEN if part.a1 == OPEN else NOT
    assert said.word(f"{LIST}/paragraph-a", device) == either
    assert said.word(f"{LIST}/paragraph-b", device) == part.b


@pytest.mark.parametrize("reading", TRAINIUM2)
@pytest.mark.parametrize("name", PARTS)
def test_part_is_inside_the_window_of_january_2026_or_not(
    read: dict[str, Answers], name: str, reading: str
) -> None:
    found = read[reading].of(WINDOW, f"device:{name}")
    moved = (name, reading) == ("aws-trainium2", "bits-32")
    assert found["finding"] == (NOT if moved else PARTS[name].window)
    assert (found["law"], found["enforcement"]) == ("in_force", "enforced")
    if moved:
        assert (found["threshold"], found["margin"]) == ("21000", "344")
    # Only what the list of 2023 covers is looked at; H20 and RTX 4090 D are not on it.
    scope = {NONE: False, OPEN: "undetermined"}.get(PARTS[name].window, True)
    assert found["in_scope"] == scope


def test_part_of_no_published_rate_says_what_is_missing(read: dict[str, Answers]) -> None:
    for said in read.values():
        found = said.of(f"{LIST}/paragraph-a", "device:amd-mi308x")
        assert set(found["missing"]) == {
            "device.applicable_die_area",
            "device_rates@device:amd-mi308x",
        }


def test_consumer_part_is_let_out_by_note_2_and_not_by_its_figures(
    read: dict[str, Answers],
) -> None:
    found = read["left-out"].of(f"{LIST}/a-2", "device:nvidia-rtx-4090d")
    assert (found["finding"], found["exception"]) == ("excepted", "note-2")
    # The same note does not reach a part for data centres of less than half its performance.
    assert read["left-out"].of(f"{LIST}/a-2", "device:nvidia-l4")["exception"] is None


def test_length_of_tf32_moves_one_finding_of_one_part(read: dict[str, Answers]) -> None:
    def words(reading: str) -> dict[tuple[str, str], str | None]:
        rows = read[reading].document["determinations"]
        return {(row["rule"], row["subject"]): row["finding"] for row in rows}

    base = words("left-out")
    assert words("bits-19") == base
    moved = {key for key, word in words("bits-32").items() if word != base[key]}
    assert moved == {("parameters", "device:aws-trainium2")}
