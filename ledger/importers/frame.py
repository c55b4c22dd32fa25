"""A frame: the cells of a table of our own format, checked a column at a time.

Every check is a polars expression over all rows; only the few rows that fail are looked at one
by one, to say why. CSV and Parquet files meet here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from ledger.errors import LedgerError, Problem
from ledger.form.plain import fault_of_name, fault_of_text
from ledger.hardware import Catalogue
from ledger.importers.ceilings import ceiling_problems, with_ceilings
from ledger.importers.cells import EMPTY_WORDS, exact_digits, nearest
from ledger.importers.columns import (
    COLUMNS,
    INPUT_PREFIX,
    PATTERNS,
    REQUIRED,
    Column,
    Form,
    input_column,
)
from ledger.importers.drafts import FrameDrafts, finished
from ledger.importers.faults import Source, cell_problems, rule_problems
from ledger.importers.legs import cut, held
from ledger.importers.rows import ROW, RULES, typed
from ledger.journeys.importing import Reading

__all__ = ["header_problems", "read_frame"]

_INPUT = re.compile(re.escape(INPUT_PREFIX) + r"[a-z][a-z0-9_]{0,39}", re.ASCII)

_FAMILIAR = {
    "compute": "operations",
    "flo": "operations",
    "flop": "operations",
    "flops": "operations",
    "gpu": "device",
    "gpu_hours": "device_hours",
    "gpu_type": "device",
    "gpus": "devices",
    "hours": "device_hours",
    "num_gpus": "devices",
    "stage": "activity",
    "stop": "end",
}
"""Words that other tables use for our columns; they are named in the refusal, never accepted."""


def header_problems(names: Sequence[str], source: Source) -> tuple[Problem, ...]:
    """Says what is wrong with the names of the columns: repeated, unknown, missing."""
    found = []
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            found.append(("repeated-column", f"column {name!r} stands twice", "keep one of them"))
        if name not in COLUMNS and not _INPUT.fullmatch(name):
            known = _FAMILIAR.get(name.casefold())
            near = f"nearest: {known}" if known else nearest(name, COLUMNS)
            found.append(("unknown-column", f"there is no column {name!r}", f"{near}; or drop it"))
    found += [
        ("missing-column", f"the column {name!r} is missing", f"add {name}: {meaning}")
        for name, meaning in ((name, COLUMNS[name].meaning) for name in REQUIRED)
        if name not in names
    ]
    line = 1 if source.place == "line" else None
    why = "a column that is not read would be left out without a word"
    return tuple(Problem(source.path, line, *parts, why=why) for parts in found)


def read_frame(frame: pl.DataFrame, source: Source, catalogue: Catalogue) -> Reading:
    """Checks a table and turns its rows into allocations.

    Args:
        frame: String columns named as in the header, which has been checked, and `ROW` with the
            line or number of each row.
        source: the file.
        catalogue: the devices.

    Returns:
        Drafts of the rows that pass, and a problem for everything that does not.
    """
    columns = [COLUMNS.get(n) or input_column(n) for n in frame.columns if n != ROW]
    whole = _complete(frame, columns)
    devices = _devices(whole, catalogue)
    hidden = _unseen(whole, columns)
    whole = whole.with_columns(_second_header(columns).alias(HEADER))
    flags = whole.select(HEADER, *(_fails(column, devices, hidden) for column in columns))
    faulty = flags.select(pl.any_horizontal(pl.all())).to_series()
    problems = cell_problems(
        whole.filter(faulty), flags.filter(faulty), source, catalogue=catalogue
    )
    good = typed(_settled(whole.filter(~faulty), devices))
    broken = good.select(rule.broken.fill_null(value=False).alias(rule.code) for rule in RULES)
    faulty = broken.select(pl.any_horizontal(pl.all())).to_series()
    problems += rule_problems(good.filter(faulty), broken.filter(faulty), source)
    good = good.filter(~faulty)
    problems += _findings(good, columns, source, catalogue)
    drafts = FrameDrafts(finished(with_ceilings(cut(good), catalogue), source, catalogue), source)
    problems.sort(key=lambda problem: problem.line or 0)
    return Reading(drafts, tuple(problems), good["run"].n_unique(), drafts.lines)


def _complete(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """Trims cells, makes empty ones null, adds absent columns, and writes amounts as digits."""
    names = [column.name for column in columns]
    trimmed = frame.with_columns(pl.col(names).str.strip_chars())
    cells = [pl.when(pl.col(n).str.len_bytes() > 0).then(pl.col(n)).alias(n) for n in names]
    absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in names]
    whole = trimmed.with_columns(*cells, *absent)
    for column in columns:
        if column.form is Form.OPERATIONS:
            whole = whole.with_columns(_digits(whole[column.name]))
    return whole


def _digits(cells: pl.Series) -> pl.Series:
    """Writes counts such as `3.8*10^25` as digits; what cannot be read stays as it is."""
    other = cells.filter(~cells.str.contains(PATTERNS[Form.OPERATIONS])).unique().drop_nulls()
    exact = {text: digits for text in other if (digits := exact_digits(text)) is not None}
    return cells.replace(exact) if exact else cells


def _devices(frame: pl.DataFrame, catalogue: Catalogue) -> dict[str, str]:
    """The catalogue id of every device text that the catalogue knows."""
    found = {}
    for text in frame["device"].unique().drop_nulls():
        try:
            found[text] = catalogue.find(text).id
        except LedgerError:
            continue
    return found


def _unseen(frame: pl.DataFrame, columns: Sequence[Column]) -> Mapping[Form, frozenset[str]]:
    """The names and notes that do not show what they are, which records do not take."""
    found: dict[Form, frozenset[str]] = {Form.NAME: frozenset(), Form.NOTE: frozenset()}
    for column in columns:
        if column.form in found:
            fault = fault_of_name if column.form is Form.NAME else fault_of_text
            cells = frame[column.name]
            odd = cells.filter(cells.str.contains(r"[^\x20-\x7e]")).unique().drop_nulls()
            found[column.form] |= {text for text in odd if fault(text)}
    return found


HEADER = "second-header"
"""The flag of a row that repeats the header."""


def _second_header(columns: Sequence[Column]) -> pl.Expr:
    """Whether a row holds names of columns and nothing else: a second file begins."""
    names = [*COLUMNS, *(column.name for column in columns)]
    cells = [pl.col(column.name) for column in columns]
    filled = pl.sum_horizontal(cell.is_not_null() for cell in cells)
    return pl.all_horizontal(c.is_null() | c.is_in(names) for c in cells) & (filled > 1)


def _fails(
    column: Column, devices: dict[str, str], hidden: Mapping[Form, frozenset[str]]
) -> pl.Expr:
    """Whether a cell of this column cannot be read."""
    cell = pl.col(column.name)
    match column.form:
        case Form.WORD:
            fails = ~cell.is_in(column.words)
        case Form.DEVICE:
            fails = ~cell.is_in(list(devices))
        case Form.INSTANT:
            when = cell.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms", strict=False)
            fails = ~cell.str.contains(PATTERNS[column.form]) | when.is_null()
        case Form.DAY:
            day = cell.str.to_date("%Y-%m-%d", strict=False)
            fails = ~cell.str.contains(PATTERNS[column.form]) | day.is_null()
        case Form.NAME | Form.NOTE:
            empty = cell.str.to_lowercase().is_in(EMPTY_WORDS)
            unseen = cell.is_in(sorted(hidden[column.form]))
            fails = ~cell.str.contains(PATTERNS[column.form]) | empty | unseen
        case _:
            fails = ~cell.str.contains(PATTERNS[column.form])
    return pl.when(cell.is_null()).then(column.required).otherwise(fails).alias(column.name)


def _settled(frame: pl.DataFrame, devices: dict[str, str]) -> pl.DataFrame:
    """Writes what empty cells mean, and the catalogue's own name of each device."""
    settled = {
        column.name: column.absent
        for column in COLUMNS.values()
        if column.form is Form.WORD and column.absent in column.words
    }
    integer = pl.col("precision").str.starts_with("int")
    kind = (
        pl.when(pl.col("precision") == "unknown")
        .then(pl.lit("unknown"))
        .when(integer)
        .then(pl.lit("integer"))
        .otherwise(pl.lit("float"))
    )
    return frame.with_columns(
        *(pl.col(name).fill_null(word) for name, word in settled.items()),
        pl.col("device").replace(devices),
    ).with_columns(pl.col("operation_kind").fill_null(kind))


def _findings(
    rows: pl.DataFrame, columns: Sequence[Column], source: Source, catalogue: Catalogue
) -> list[Problem]:
    """What is recorded and yet must be looked at: repeated rows, and rows above their ceiling."""
    names = [column.name for column in columns]
    again = rows.filter(~pl.struct(names).is_first_distinct())
    repeated = [
        Problem(
            source.path,
            place,
            "repeated-row",
            "this row says word for word what an earlier row says; both are recorded",
            "delete one if it is the same compute, or give both an id if it is not",
            severity="finding",
            why="compute that stands twice counts twice",
        )
        for place in again[ROW]
    ]
    return [*repeated, *ceiling_problems(with_ceilings(held(rows), catalogue), source)]
