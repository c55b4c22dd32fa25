"""A row: what must hold between its cells, each rule a polars expression with its own words."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

__all__ = ["DAYS_MAX", "DAY_MS", "REPEATED_ID", "ROW", "RULES", "Rule", "typed"]

ROW = "\x00row"
"""The frame's own column with the line or row number; no header can hold a control character."""

DAY_MS = 86_400_000
"""Milliseconds of a UTC day."""

DAYS_MAX = 3_660
"""Days of one row, about ten years; a longer one is a mistyped year."""

_AMOUNTS = ("operations", "operations_low", "operations_high", "operations_executed")


@dataclass(frozen=True, slots=True)
class Rule:
    """Something between the cells of a row that keeps the row out.

    Attributes:
        code: the stable word for it.
        broken: true where the row breaks the rule; null counts as false.
        message: what is wrong; `{name}` stands for the cell of that column.
        remedy: what to write.
        why: why it matters; may be empty.
    """

    code: str
    broken: pl.Expr
    message: str
    remedy: str
    why: str = ""


def typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the numbers and times behind the cells; a cell that failed its check gives null.

    Args:
        frame: one String column for each column of the format, empty cells null, cells that
            failed their own check null as well.

    Returns:
        The frame with `from_ms`, `until_ms` (milliseconds since 1970), `milli_devices`,
        `hours_us` (device-microseconds, Int128), `hours_rest` (not 0 when they are not whole)
        and the amounts as Int128 under `n_…`.
    """
    hours = pl.col("device_hours").str.split_exact(".", 1)
    billionths = _padded(hours.struct.field("field_1"), 9)
    whole = hours.struct.field("field_0").cast(pl.Int128)
    devices = pl.col("devices").str.split_exact(".", 1)
    thousandths = _padded(devices.struct.field("field_1"), 3)
    return frame.with_columns(
        _milliseconds("start").alias("from_ms"),
        _milliseconds("end").alias("until_ms"),
        (devices.struct.field("field_0").cast(pl.Int64) * 1000 + thousandths).alias(
            "milli_devices"
        ),
        # An hour of one device is 3,600,000,000 device-microseconds; 3.6 for each billionth.
        (whole * 3_600_000_000 + billionths * 18 // 5).alias("hours_us"),
        (billionths % 5).alias("hours_rest"),
        *(pl.col(name).cast(pl.Int128).alias(f"n_{name}") for name in _AMOUNTS),
    )


def _milliseconds(name: str) -> pl.Expr:
    """A column of UTC times as milliseconds since 1970."""
    when = pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms", strict=False)
    return when.dt.timestamp("ms")


def _padded(decimals: pl.Expr, places: int) -> pl.Expr:
    """The digits after the point as a whole number of the smallest unit."""
    return decimals.fill_null("").str.pad_end(places, "0").cast(pl.Int64)


def _given(name: str) -> pl.Expr:
    """Whether a cell is filled."""
    return pl.col(name).is_not_null()


_DATED = _given("start") & _given("end")
_INTEGER = pl.col("precision").str.starts_with("int")
_KNOWN_PRECISION = pl.col("precision") != "unknown"

RULES = (
    Rule(
        "period-missing",
        ~_given("start") & ~_given("end") & ~_given("not_after"),
        "the row says neither start and end nor not_after",
        "fill start and end, or not_after when only the latest day is known",
        "compute without a date counts under no version of the law",
    ),
    Rule(
        "period-half",
        _given("start") != _given("end"),
        "the row has only one of start ({start}) and end ({end})",
        "fill both; for a running job give the time of the export and status provisional",
    ),
    Rule(
        "period-twice",
        (_given("start") | _given("end")) & _given("not_after"),
        "the row has start and end, and not_after ({not_after}) as well",
        "leave not_after empty when the period is known",
    ),
    Rule(
        "period-order",
        pl.col("until_ms") <= pl.col("from_ms"),
        "the period ends at {end}, not after its start {start}",
        "give an end later than the start",
    ),
    Rule(
        "period-long",
        pl.col("until_ms") - pl.col("from_ms") > DAYS_MAX * DAY_MS,
        "the period from {start} to {end} is longer than ten years",
        "check the years",
    ),
    Rule(
        "device-time-zero",
        (pl.col("milli_devices") == 0) | (pl.col("hours_us") == 0),
        "the row holds no devices (devices {devices}, device_hours {device_hours})",
        "leave the row out, or the cell empty if it is not known",
        "unknown is not zero",
    ),
    Rule(
        "device-time-parts",
        pl.col("hours_rest") != 0,
        "device_hours {device_hours} is not a whole number of device-microseconds",
        "round it to eight decimals",
    ),
    Rule(
        "device-time-differs",
        pl.col("milli_devices").cast(pl.Int128) * (pl.col("until_ms") - pl.col("from_ms"))
        != pl.col("hours_us"),
        "device_hours {device_hours} is not devices {devices} from {start} to {end}",
        "give one of the two, or make them agree",
        "held time is exact: devices times duration",
    ),
    Rule(
        "bounds-order",
        (pl.col("n_operations_low") > pl.col("n_operations_high"))
        | (pl.col("n_operations_low") > pl.col("n_operations"))
        | (pl.col("n_operations") > pl.col("n_operations_high")),
        "operations_low {operations_low}, operations {operations} and operations_high "
        "{operations_high} are not in order",
        "give operations_low <= operations <= operations_high",
    ),
    Rule(
        "kind-differs",
        _KNOWN_PRECISION
        & (
            (_INTEGER & (pl.col("operation_kind") == "float"))
            | (~_INTEGER & (pl.col("operation_kind") == "integer"))
        ),
        "operation_kind is {operation_kind} but precision is {precision}",
        "leave operation_kind empty: it follows from the precision",
    ),
)
"""Every rule between the cells of a row; each is tried on every row."""

REPEATED_ID = Rule(
    "repeated-id",
    pl.col("id").is_duplicated() & _given("id"),
    "the id {id} stands on more than one row",
    "give each row its own id",
    "the id is what makes a second import add nothing",
)
"""The one rule between rows, which only a whole table can break."""
