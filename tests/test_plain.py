"""Names and texts that look the same are the same, and names of two scripts are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from bundled import ASKED, asking, attested, members_of, policy, step, verdict
from hypothesis import given
from hypothesis import strategies as st
from ledgers import EVIDENCE, allocation, fact
from sealed import fill, found

from ledger.capture.statement import _name as captured_name
from ledger.errors import InputError
from ledger.form import lookalike
from ledger.form.lookalike import alike, skeleton, told
from ledger.form.plain import fault_of_name, fault_of_text, is_plain, visible
from ledger.importers.step_importer import run_name
from ledger.importers.stretch import plain_text
from ledger.record import draft_of

TWO = ("mod\u00e8le", "mode\u0300le")
BLANK = (
    *("\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u180f", "\u2800", "\u3164", "\ufe0f"),
    *("\uffa0", "\U00016fe4", "\U0001d159", "\U000e0100", "\U000e01ef"),
)
UNSEEN = ("\u202e", "\u200b", "\u2066", "\u200f", "\ufeff", "\u00ad", "\U000e0041")


@pytest.mark.parametrize("name", ["gpt-4", "modèle 模型", "модель", "נמל", "𝛼", "ⅷ", ""])
def test_names_and_texts_in_normal_form_are_taken(name: str) -> None:
    assert (fault_of_name(name), fault_of_text(name), is_plain(name)) == ("", "", True)


def test_threat_28_name_and_text_in_another_form_are_refused() -> None:
    for text in (TWO[1], "\u212b", "\u1100\u1161"):
        assert "normal form NFC" in fault_of_name(text)
        assert "normal form NFC" in fault_of_text(text)
        assert not is_plain(text)
    for mark in UNSEEN:
        text = f"a{mark}b"
        assert f"U+{ord(mark):04X}, which does not show" in fault_of_name(text)
        assert f"U+{ord(mark):04X}, which does not show" in fault_of_text(text)


@pytest.mark.parametrize("mark", [*BLANK, "\u200c", "\u200d"], ids=ascii)
def test_threat_28_name_with_a_character_that_is_blank_is_refused(mark: str) -> None:
    # Most are printable to Python; none is seen, and a leaf with one is read the slow way.
    for name in (f"acme{mark}", f"ac{mark}me", f"{mark}acm\u00e9"):
        assert "does not show" in fault_of_name(name)
        assert not is_plain(name)
        with pytest.raises(InputError, match="does not show"):
            draft_of("allocation", allocation(name, 1), key=("k",))
        assert skeleton(name) == skeleton(name.replace(mark, ""))


def test_free_text_keeps_what_scripts_need() -> None:
    # Persian and emoji are written with joiners; lines and tabs are for people.
    for text in (
        "می\u200cخواهم",
        "\U0001f469\u200d\U0001f52c",
        "a\tb\nc",
        "a\u00a0b",
        "\u2764\ufe0f",
    ):
        assert fault_of_text(text) == ""


@given(st.text())
def test_plain_text_is_in_normal_form_and_its_parts_are(text: str) -> None:
    if is_plain(text):
        assert normalize("NFC", text) == text
        assert all(fault_of_text(text[n:]) == "" for n in range(len(text)))


@pytest.mark.parametrize("odd", [TWO[1], "a\u202eb"])
def test_threat_28_no_record_takes_an_odd_name_or_text(odd: str) -> None:
    places = (
        lambda: draft_of("allocation", allocation(odd, 1), key=("k",)),
        lambda: draft_of("fact", fact(f"model:{odd}", "model.x", "text", "x"), key=("k",)),
        lambda: draft_of("fact", fact("model:m", "model.x", "text", odd), key=("k",)),
        lambda: draft_of("fact", fact("model:m", "model.x", "set", [odd]), key=("k",)),
        lambda: draft_of("allocation", allocation("m", 1, method_inputs={"a": odd}), key=("k",)),
        lambda: draft_of(
            "allocation", allocation("m", 1, evidence={**EVIDENCE, "locator": odd}), key=("k",)
        ),
        lambda: draft_of("allocation", allocation("m", 1), hidden={"site": odd}, key=("k",)),
    )
    for place in places:
        with pytest.raises(InputError, match=r"does not show|normal form NFC"):
            place()


def test_names_that_a_program_makes_are_brought_to_normal_form() -> None:
    assert plain_text(TWO[1]) == TWO[0]
    assert run_name(Path(f"{TWO[1]}.log")) == TWO[0]
    doubts: list[str] = []
    assert captured_name("model", TWO[1], doubts) == TWO[0]
    assert len(doubts) == 1


@pytest.mark.parametrize("mark", ["\u200b", *BLANK], ids=ascii)
def test_names_that_a_program_makes_hold_nothing_that_does_not_show(mark: str) -> None:
    assert (visible(f"a{mark}b"), visible(f"a{mark}b", " ")) == ("ab", "a b")
    assert plain_text(f"a{mark}b") == "a b"
    doubts: list[str] = []
    assert captured_name("model", f"acm\u00e9{mark}", doubts) == "acm\u00e9"
    assert len(doubts) == 1
    assert run_name(Path(f"gpt{mark}-4.log")) == "gpt-4"


def test_csv_row_with_an_odd_name_or_note_is_refused(
    flopledger: Callable[..., Any], tmp_path: Path
) -> None:
    head = "run,model,activity,not_after,operations,notes\n"
    rows = [
        f"r1,{TWO[0]},pretrain,2026-01-31,10,fine\n",
        f"r2,{TWO[1]},pretrain,2026-01-31,10,fine\n",
    ]
    rows += ["r3,m,pretrain,2026-01-31,10,a\u202eb\n", f"r4,m,pretrain,2026-01-31,10,{TWO[1]}\n"]
    rows += ["r5,m\ufe0f,pretrain,2026-01-31,10,fine\n"]
    (tmp_path / "runs.csv").write_text(head + "".join(rows), encoding="utf-8")
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    ran = flopledger("import", "runs.csv")
    assert ran.code == 2, ran.err
    said = ran.out + ran.err
    assert "4 refused" in said
    assert said.count("normal form NFC") == 2
    assert "U+202E" in said
    assert "holds U+FE0F, a character that does not show" in said


# Names that look alike and are none.


def test_skeleton_brings_case_width_and_scripts_together() -> None:
    for names in (
        ("gpt-a", "gpt-\u0430", "GPT-A", "gpt\u2010a", "\uff47\uff50\uff54-\uff41", "gpt\u2013A"),
        ("Model X", "\u041codel  X", "model \u0425"),
        ("nova", "n\u03bfva", "N\u03bfv\u03b1", "\u039dova"),
        ("strasse", "stra\u00dfe"),
    ):
        assert len({skeleton(name) for name in names}) == 1, names
    assert (
        len({skeleton(name) for name in ("a1", "al", "rn", "m", "o", "0", "modèle", "modele")}) == 8
    )


def test_every_letter_of_the_table_looks_like_its_own() -> None:
    for letters, latin in lookalike._PAIRS:
        for letter, own in zip(letters, latin, strict=True):
            assert skeleton(letter) == skeleton(own), f"U+{ord(letter):04X}"
    assert skeleton("a\u03f2me") == "acme"


def test_spaces_are_no_difference_whatever_the_script() -> None:
    assert alike(["a  b", "a b"]) == (("a  b", "a b"),)
    assert skeleton("a  b") == skeleton("\u0430 b")


def test_alike_names_are_told_in_groups() -> None:
    groups = alike(["b", "gpt-\u0430", "gpt-a", "B", "c", "c"])
    assert groups == (("B", "b"), ("gpt-a", "gpt-\u0430"))
    assert told(groups[1]) == "'gpt-a' and 'gpt-\u0430' (U+0430)"
    assert alike([]) == ()


def two_names(context: Any, *names: str) -> None:
    """Record half a crossing under each name."""
    legs = [
        draft_of(
            "allocation", allocation(name, 6 * 10**24, run=f"r{n}"), hidden={}, key=("k", str(n))
        )
        for n, name in enumerate(names)
    ]
    fill(context, legs)


def test_threat_28_verdict_tells_names_that_split_one_model(tmp_path: Path) -> None:
    context = found(tmp_path)
    two_names(context, "gpt-a", "gpt-\u0430")
    attested(context)
    out = verdict(members_of(context), policy(**ASKED), recompute=asking())
    totals = step(out, "totals")
    assert (out.fault, out.exit_status, totals.outcome) == (None, 1, "finding")
    assert "names look alike: 'model:gpt-a' and 'model:gpt-\u0430' (U+0430)" in totals.notes[0]


def test_threat_28_check_tells_names_that_split_one_model(
    flopledger: Callable[..., Any], tmp_path: Path
) -> None:
    records = [
        {"type": "allocation", **allocation(name, 6 * 10**24, run=f"r{n}"), "key": [f"r{n}"]}
        for n, name in enumerate(("gpt-a", "gpt-\u0430"))
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    assert flopledger("record", "r.jsonl").code == 0
    ran = flopledger("check")
    assert "names look alike: 'model:gpt-a' and 'model:gpt-" in ran.out + ran.err
