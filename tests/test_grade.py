from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RuleError
from ledger.grade import GradeTable, Links, ScaleTable
from ledger.pack import Pack
from ledger.yamltree import parse_tree

RULES = Path(__file__).resolve().parent.parent / "rules"
INTERCONNECT = "grades/interconnect.v1.yaml"
SCALE = "grades/scale.v1.yaml"
TOPOLOGIES = ("oversubscribed", "limited", "non_blocking", "torus", "supernode")


def pack_with(name: str, old: str = "", new: str = "") -> Pack:
    text = (RULES / name).read_text("utf-8")
    assert old in text
    return Pack.of({name: parse_tree(text.replace(old, new, 1) if old else text, where=name)})


GRADES = GradeTable.from_pack(pack_with(INTERCONNECT))
BANDS = ScaleTable.from_pack(pack_with(SCALE))


def by_hand(up: int, domain: int, out: int, topology: str) -> str:  # noqa: PLR0911 - one a grade
    """The table once more, written out as code."""
    t3 = topology in {"non_blocking", "torus", "supernode"}
    if topology in {"torus", "supernode"} and up >= 400 and domain >= 256:
        return "Y"
    if up >= 1600 and domain >= 64 and out > 300:
        return "R"
    if up >= 1600 and domain >= 8 and out > 300 and t3:
        return "B"
    if up >= 800 and domain >= 8 and out > 300 and t3:
        return "H"
    if up >= 400 and out > 300:
        return "Hx"
    if up >= 600 and domain >= 8 and out > 100:
        return "A"
    return "Ax" if up >= 400 and out > 100 else "P"


@pytest.mark.parametrize(
    ("links", "grade", "vector"),
    [
        (Links(900, 8, 400, "non_blocking"), "H", "U4d8 N3 T3"),  # H100
        (Links(896, 8, 400, "non_blocking"), "H", "U4d8 N3 T3"),  # MI300X
        (Links(900, 8, 400, "oversubscribed"), "Hx", "U4d8 N3 T1"),
        (Links(900, 8, 300, "non_blocking"), "A", "U4d8 N2 T3"),  # exactly 300 is not above 300
        (Links(900, 8, 301, "non_blocking"), "H", "U4d8 N3 T3"),
        (Links(799, 8, 400, "non_blocking"), "Hx", "U3d8 N3 T3"),
        (Links(900, 7, 400, "non_blocking"), "Hx", "U4d7 N3 T3"),
        (Links(400, 8, 400, "non_blocking"), "Hx", "U2d8 N3 T3"),  # H800
        (Links(600, 2, 400, "non_blocking"), "Hx", "U3d2 N3 T3"),  # H100 NVL pair
        (Links(600, 8, 200, "limited"), "A", "U3d8 N2 T2"),  # A100
        (Links(400, 8, 200, "limited"), "Ax", "U2d8 N2 T2"),  # A800
        (Links(800, 4, 200, "limited"), "Ax", "U4d4 N2 T2"),  # MI250X
        (Links(64, 1, 400, "non_blocking"), "P", "U0d1 N3 T3"),  # L40S
        (Links(900, 8, 100, "non_blocking"), "P", "U4d8 N1 T3"),
        (Links(1800, 8, 400, "non_blocking"), "B", "U5d8 N3 T3"),  # B200
        (Links(1800, 72, 400, "non_blocking"), "R", "U5d72 N3 T3"),  # GB200 NVL72
        (Links(3600, 72, 1600, "non_blocking"), "R", "U6d72 N5 T3"),  # Rubin
        (Links(1200, 8960, 50, "torus"), "Y", "U4d8960 N1 T3"),  # TPU v5p
        (Links(784, 384, 400, "supernode"), "Y", "U3d384 N3 T3"),  # CloudMatrix384
    ],
)
def test_grade_is_derived_from_measured_numbers(links: Links, grade: str, vector: str) -> None:
    found = GRADES.grade(links)
    assert (found.name, found.possible, found.missing) == (grade, (grade,), ())
    assert found.vector == vector


def test_grade_y_needs_a_declared_pod_so_a_large_nvlink_domain_is_r() -> None:
    assert GRADES.grade(Links(1800, 576, 400, "non_blocking")).name == "R"
    assert GRADES.grade(Links(1800, 576, 400, "supernode")).name == "Y"


def test_grade_r_needs_no_topology() -> None:
    assert GRADES.grade(Links(1800, 72, 400, "unknown")).name == "R"


def test_grade_without_topology_is_undetermined_between_hx_and_h() -> None:
    found = GRADES.grade(Links(900, 8, 400, "unknown"))
    assert found.name is None
    assert found.possible == ("Hx", "H")
    assert found.missing == ("topology",)
    assert found.vector == "U4d8 N3 T0"
    assert GRADES.span(found.possible) == "Hx…H"


def test_grade_names_only_the_facts_that_would_settle_it() -> None:
    # A card without scale-up links is P whatever the network is.
    found = GRADES.grade(Links(64, 1, None, "unknown"))
    assert (found.name, found.missing) == ("P", ())
    found = GRADES.grade(Links(900, 8, None, "non_blocking"))
    assert found.possible == ("P", "A", "H")
    assert found.missing == ("scale_out_gbit_per_s",)


def test_grade_of_nothing_known_leaves_everything_open() -> None:
    found = GRADES.grade(Links(None, None, None, "unknown"))
    assert found.possible == (*GRADES.order, *GRADES.unranked)
    assert len(found.missing) == 4
    assert found.vector == "U?d? N? T0"
    assert GRADES.span(found.possible) == "P…R or Y"


def test_grade_span_keeps_gaps() -> None:
    assert GRADES.span(("P", "Ax", "A", "Hx", "B", "R", "Y")) == "P…Hx, B…R or Y"
    assert GRADES.span(("Y",)) == "Y"
    assert GRADES.span(()) == ""


RATES = st.integers(0, 4000)
DOMAINS = st.integers(0, 10_000)


@given(RATES, DOMAINS, RATES, st.sampled_from(TOPOLOGIES))
def test_grade_equals_the_table_written_as_code(
    up: int, domain: int, out: int, topology: str
) -> None:
    assert GRADES.grade(Links(up, domain, out, topology)).name == by_hand(up, domain, out, topology)


@given(RATES, DOMAINS, RATES, st.sampled_from(TOPOLOGIES), st.sets(st.integers(0, 3)))
def test_grade_of_less_knowledge_still_allows_the_true_grade(
    up: int, domain: int, out: int, topology: str, hidden: set[int]
) -> None:
    known = (up, domain, out, topology)
    blank = (None, None, None, "unknown")
    seen = [blank[at] if at in hidden else value for at, value in enumerate(known)]
    found = GRADES.grade(Links(*seen))
    assert by_hand(*known) in found.possible
    assert (len(found.possible) == 1) == (not found.missing)


@given(st.none() | RATES, st.none() | DOMAINS, st.none() | RATES)
def test_grade_possibilities_are_all_reachable(
    up: int | None, domain: int | None, out: int | None
) -> None:
    found = GRADES.grade(Links(up, domain, out, "unknown"))
    edges = (0, 400, 600, 800, 1600)
    reached = {
        by_hand(u, d, o, topology)
        for u in ((up,) if up is not None else edges)
        for d in ((domain,) if domain is not None else (0, 8, 64, 256))
        for o in ((out,) if out is not None else (0, 101, 301))
        for topology in TOPOLOGIES
    }
    assert set(found.possible) == reached


def test_grade_ranks_all_but_pods() -> None:
    assert GRADES.at_least("R", "H") is True
    assert GRADES.at_least("H", "H") is True
    assert GRADES.at_least("Hx", "H") is False
    assert GRADES.at_least("Y", "H") is None
    with pytest.raises(RuleError):
        GRADES.at_least("Z", "H")


def test_grade_refuses_a_topology_outside_the_table() -> None:
    with pytest.raises(RuleError, match="dragonfly"):
        GRADES.grade(Links(900, 8, 400, "dragonfly"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("order: [P, Ax,", "order: [Ax,"),
        ("ge: [scale_up, 1600 GB/s]", "ge: [scale_up, 1600 Gbit/s]"),
        ("ge: [scale_up, 1600 GB/s]", "le: [scale_up, 1600 GB/s]"),
        ("ge: [scale_up, 1600 GB/s]", "ge: [speed, 1600 GB/s]"),
        ("ge: [scale_up, 1600 GB/s]", "ge: [scale_up, fast]"),
        ("in: [topology, [torus, supernode]]", "in: [topology, [mesh]]"),
        ("in: [topology, [torus, supernode]]", "in: [topology, [unknown]]"),
        ("from: { ge: 150 GB/s }", "from: { ge: 450 GB/s }"),
        ("from: { ge: 0 GB/s }", "from: { ge: 1 GB/s }"),
        ("version: 1\n", ""),
        ('"H100-class links, non-blocking"', "H100-class links, non-blocking"),
    ],
)
def test_grade_table_that_cannot_stand_is_refused(old: str, new: str) -> None:
    with pytest.raises(RuleError) as caught:
        GradeTable.from_pack(pack_with(INTERCONNECT, old, new))
    assert INTERCONNECT in caught.value.where


@pytest.mark.parametrize(
    ("devices", "band"),
    [
        (1, "K1"),
        (8, "K1"),
        (9, "K2"),
        (72, "K2"),
        (73, "K3"),
        (1024, "K3"),
        (1025, "K4"),
        (8192, "K4"),
        (8193, "K5"),
        (32_768, "K5"),
        (32_769, "K6"),
        (10**9, "K6"),
        (None, None),
    ],
)
def test_scale_band_of_a_number_of_devices(devices: int | None, band: str | None) -> None:
    assert BANDS.band(devices) == band


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("to: 72 accelerator", "to: 8 accelerator"),
        ("to: 72 accelerator", "to: unbounded"),
        ("to: unbounded", "to: 10^6 accelerator"),
    ],
)
def test_scale_bands_that_cannot_stand_are_refused(old: str, new: str) -> None:
    with pytest.raises(RuleError):
        ScaleTable.from_pack(pack_with(SCALE, old, new))
