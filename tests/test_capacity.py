from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ledger.capacity import Format, Measures, Refusal, reference_units
from ledger.errors import RuleError, UnitError
from ledger.grade import Grade, GradeTable
from ledger.hardware import Catalogue
from ledger.pack import Pack
from ledger.quantity import UNITS, Dimension, Quantity
from ledger.yamltree import parse_tree

RULES = Path(__file__).resolve().parent.parent / "rules"
PATHS = sorted(
    path for folder in ("hardware", "grades", "units") for path in (RULES / folder).glob("*.yaml")
)


def pack_with(name: str = "", old: str = "", new: str = "") -> Pack:
    trees = {}
    for path in PATHS:
        key, text = path.relative_to(RULES).as_posix(), path.read_text("utf-8")
        if key == name:
            assert old in text
            text = text.replace(old, new, 1)
        trees[key] = parse_tree(text, where=key)
    return Pack.of(trees)


PACK = pack_with()
CATALOGUE = Catalogue.from_pack(PACK)
TABLE = GradeTable.from_pack(PACK)
MEASURES = Measures.from_pack(PACK)
UNITS_OF_CAPACITY = reference_units(PACK)
REFERENCE = UNITS_OF_CAPACITY["pfh-fp8d-h"]
H100 = CATALOGUE.devices["nvidia-h100-sxm5"]
HOUR_US = 3600 * 10**6
DAY_OF_1024 = 1024 * 24 * HOUR_US


def grade(*possible: str) -> Grade:
    return Grade(possible, () if len(possible) == 1 else ("topology",), "")


def held(
    precision: str,
    *possible: str,
    device: str | None = "nvidia-h100-sxm5",
    sparsity: str = "dense",
) -> Format:
    part = None if device is None else CATALOGUE.devices[device]
    return Format(part, precision, sparsity, grade(*(possible or ("H",))))


def pflop_hours(value: str) -> Quantity:
    return Quantity(Fraction(value), UNITS["PFLOP-hour"])


def convert(precision: str, *possible: str, **more: str | None) -> Quantity | Refusal:
    return REFERENCE.convert(pflop_hours("10"), held(precision, *possible, **more), TABLE)


def test_capacity_of_1024_h100_for_a_day_is_exact() -> None:
    bf16, fp8 = H100.peak("bf16"), H100.peak("fp8")
    assert bf16 is not None
    assert fp8 is not None
    assert MEASURES.device_time(DAY_OF_1024).value == 24_576
    assert MEASURES.capacity(DAY_OF_1024, bf16).value == Fraction("24315.4944")
    assert MEASURES.capacity(DAY_OF_1024, fp8).value == Fraction("48635.904")
    time = MEASURES.processing_time(DAY_OF_1024, H100)
    assert isinstance(time, Quantity)
    assert time.value == 389_087_232
    assert time.dimension is Dimension.PROCESSING_TIME


def test_capacity_reference_units_of_the_same_hours_differ_by_format() -> None:
    units = {}
    for precision in ("fp8", "bf16"):
        peak = H100.peak(precision)
        assert peak is not None
        found = REFERENCE.convert(MEASURES.capacity(HOUR_US, peak), held(precision), TABLE)
        assert isinstance(found, Quantity)
        units[precision] = found.value
    # 8 x 1,979 is not 16 x 989.4.
    assert units == {"fp8": Fraction("1.979"), "bf16": Fraction("1.9788")}


@pytest.mark.parametrize(
    ("precision", "units"),
    [("fp8", "10"), ("bf16", "20"), ("fp16", "20"), ("tf32", "40"), ("fp4", "5")],
)
def test_capacity_converts_by_declared_factors(precision: str, units: str) -> None:
    device = "nvidia-gb200" if precision == "fp4" else "nvidia-h100-sxm5"
    found = convert(precision, device=device)
    assert isinstance(found, Quantity)
    assert found.value == Fraction(units)
    assert found.unit.symbol == "PFh[FP8d,H]"


@pytest.mark.parametrize(
    ("code", "precision", "possible", "device", "sparsity"),
    [
        ("structured", "fp8", ("H",), "nvidia-h100-sxm5", "structured"),
        ("unrecorded", "fp8", ("H",), "nvidia-h100-sxm5", "unknown"),
        ("below", "fp8", ("Hx",), "nvidia-h100-sxm5", "dense"),
        ("below", "fp8", ("P", "Hx"), "nvidia-h100-sxm5", "dense"),
        ("unranked", "fp8", ("Y",), "google-tpu-v5p", "dense"),
        ("undetermined", "fp8", ("Hx", "H"), "nvidia-h100-sxm5", "dense"),
        ("undetermined", "fp8", ("H", "Y"), "google-tpu7x", "dense"),
        ("unidentified", "bf16", ("H",), None, "dense"),
        ("unsupported", "bf16", ("H",), "nvidia-a100-80gb", "dense"),
        ("undeclared", "int8", ("H",), "nvidia-h100-sxm5", "dense"),
        ("undeclared", "fp64", ("H",), "nvidia-h100-sxm5", "dense"),
        ("undeclared", "unknown", ("H",), "nvidia-h100-sxm5", "dense"),
    ],
)
def test_capacity_refuses_what_the_unit_does_not_promise(
    code: str, precision: str, possible: tuple[str, ...], device: str | None, sparsity: str
) -> None:
    found = convert(precision, *possible, device=device, sparsity=sparsity)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert found.why


@pytest.mark.parametrize("possible", [("H",), ("B",), ("R",), ("H", "B", "R")])
def test_capacity_converts_whenever_every_possible_grade_is_enough(
    possible: tuple[str, ...],
) -> None:
    assert isinstance(convert("fp8", *possible), Quantity)


def test_capacity_fp8_hours_of_an_unrecorded_device_still_convert() -> None:
    # The record states the peak at FP8, so the device has that format.
    assert isinstance(convert("fp8", device=None), Quantity)


def test_capacity_units_agree_with_each_other() -> None:
    assert set(UNITS_OF_CAPACITY) == {
        "pfh-bf16d-h",
        "pfh-fp16d-h",
        "pfh-fp4d-h",
        "pfh-fp8d-h",
        "pfh-tf32d-h",
    }
    blackwell = held("bf16", device="nvidia-gb200")
    found = {
        unit.convert(pflop_hours("10"), blackwell, TABLE) for unit in UNITS_OF_CAPACITY.values()
    }
    # Each names the same capacity, so their base values are one number.
    assert {quantity.base for quantity in found if isinstance(quantity, Quantity)} == {Fraction(20)}
    assert len(found) == 5


def test_capacity_of_a_unit_adds_to_no_other_dimension() -> None:
    capacity, operations = pflop_hours("1"), Quantity.parse("3.6*10^18 OP")
    units = convert("fp8")
    assert isinstance(units, Quantity)
    time = MEASURES.processing_time(HOUR_US, H100)
    assert isinstance(time, Quantity)
    five = [capacity, operations, units, time, MEASURES.device_time(HOUR_US)]
    for left in five:
        for right in five:
            if left is not right:
                with pytest.raises(UnitError):
                    left + right


def test_capacity_only_is_converted() -> None:
    with pytest.raises(UnitError):
        REFERENCE.convert(Quantity.parse("10^18 OP"), held("fp8"), TABLE)


def test_capacity_has_no_tpp_hours_without_a_device_or_its_rates() -> None:
    nobody = MEASURES.processing_time(HOUR_US, None)
    wafer = MEASURES.processing_time(HOUR_US, CATALOGUE.devices["cerebras-wse3"])
    assert isinstance(nobody, Refusal)
    assert isinstance(wafer, Refusal)
    assert (nobody.code, wafer.code) == ("unidentified", "unpublished")


def test_capacity_pflop_hour_is_defined_by_rate_and_time() -> None:
    assert MEASURES.pflop_hour == 36 * 10**17
    assert REFERENCE.unit == UNITS["PFh[FP8d,H]"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("units/pfh-fp8d-h.v1.yaml", "  fp8: 1\n", "  fp8: 2\n"),
        ("units/pfh-fp8d-h.v1.yaml", "  bf16: 2\n", "  bf16: 0\n"),
        ("units/pfh-fp8d-h.v1.yaml", "  bf16: 2\n", "  bf16: unknown\n"),
        ("units/pfh-fp8d-h.v1.yaml", "  bf16: 2\n", "  bf17: 2\n"),
        ("units/pfh-fp8d-h.v1.yaml", "sparsity: dense", "sparsity: structured"),
        ("units/pfh-bf16d-h.v1.yaml", "  fp8: 1/2\n", ""),
        ("units/pfh-fp8d-h.v1.yaml", "  unranked: ", "  unranked-too: "),
        ("units/measures.v1.yaml", "unit: PFLOP-hour", "unit: OP"),
        ("units/measures.v1.yaml", "time: 1 hour", "time: 1 mm2"),
    ],
)
def test_capacity_unit_that_cannot_stand_is_refused(name: str, old: str, new: str) -> None:
    pack = pack_with(name, old, new)
    with pytest.raises(RuleError) as caught:
        (Measures.from_pack if "measures" in name else reference_units)(pack)
    assert name in caught.value.where
