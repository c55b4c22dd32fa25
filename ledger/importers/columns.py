"""A column: one field of our own table format, with its unit and the form of its cells.

The same table makes the checks, the messages and the page `schemas/csv.v1.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from ledger.record import fields

__all__ = [
    "COLUMNS",
    "HIDDEN",
    "INPUT_PREFIX",
    "PATTERNS",
    "REQUIRED",
    "Column",
    "Form",
    "input_column",
]

NAME_MAX = 200
"""Characters of a name: long enough for any run name, short enough to read."""

NOTE_MAX = 2_000
"""Characters of a note."""

INPUT_PREFIX = "input."
"""Columns `input.NAME` hold the numbers behind an estimate, such as `input.tokens`."""


class Form(StrEnum):
    """How the cells of a column are written."""

    NAME = "name"
    NOTE = "note"
    WORD = "word"
    INSTANT = "time"
    DAY = "date"
    DEVICES = "devices"
    HOURS = "hours"
    COUNT = "count"
    OPERATIONS = "operations"
    DIGEST = "digest"
    DEVICE = "device"


PATTERNS = {
    Form.NAME: r"^[^\x00-\x1f\x7f]{1,200}$",
    Form.NOTE: r"^[^\x00-\x08\x0b-\x1f\x7f]{1,2000}$",
    Form.INSTANT: r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,3})?Z$",
    Form.DAY: r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$",
    Form.DEVICES: r"^(0|[1-9][0-9]{0,7})(\.[0-9]{1,3})?$",
    Form.HOURS: r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?$",
    Form.COUNT: r"^[1-9][0-9]{0,8}$",
    Form.OPERATIONS: r"^(0|[1-9][0-9]{0,27}|10{28})$",
    Form.DIGEST: r"^[0-9a-f]{64}$",
}
"""What a whole cell must match; times and dates must exist in the calendar besides.

No class here depends on Unicode, so that polars and Python read the patterns alike.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: the word in the header.
        form: how a cell is written.
        unit: the unit of the number, or empty.
        meaning: one sentence.
        example: a cell.
        required: whether every row must fill it.
        words: the words allowed, for `Form.WORD`.
        absent: what an empty cell means, for the reader of the page.
    """

    name: str
    form: Form
    unit: str
    meaning: str
    example: str
    required: bool = False
    words: tuple[str, ...] = ()
    absent: str = "not stated"


def _name(name: str, meaning: str, example: str, *, required: bool = False) -> Column:
    """A column of names."""
    return Column(name, Form.NAME, "", meaning, example, required=required)


def _word(name: str, meaning: str, words: tuple[str, ...], absent: str = "") -> Column:
    """A column of one word out of a list; without `absent` it must be filled."""
    example = words[0]
    return Column(name, Form.WORD, "", meaning, example, not absent, words, absent or "refused")


def _operations(name: str, meaning: str, example: str) -> Column:
    """A column of counts of operations."""
    return Column(name, Form.OPERATIONS, "operations", meaning, example)


_IDENTITY = (
    Column(
        "id",
        Form.NAME,
        "",
        "Your own key of the row, unique in the file and the same in every later export",
        "job-4711",
        absent="the row is known by its run, model, activity, period, device and precision",
    ),
    _name("run", "The training run", "r-2026-03", required=True),
    _name("model", "The model that the run trained", "falcon-2", required=True),
    _name("developer", "Who trained it", "acme"),
    _word("activity", "What the devices were doing", get_args(fields.Activity)),
    _word(
        "extent",
        "`cumulative` for a figure that already includes the models it was built on",
        ("own", "cumulative"),
        "own",
    ),
)

_TIME = (
    Column("start", Form.INSTANT, "UTC", "First instant, with `Z`", "2026-03-01T00:00:00Z"),
    Column("end", Form.INSTANT, "UTC", "First instant after the end", "2026-03-02T12:00:00Z"),
    Column(
        "not_after",
        Form.DAY,
        "UTC day",
        "Instead of `start` and `end` when only the latest day is known",
        "2026-03-31",
    ),
)

_HARDWARE = (
    Column("device", Form.DEVICE, "", "Catalogue id or alias of the device", "nvidia-h100-sxm5"),
    Column("devices", Form.DEVICES, "devices", "Devices held, up to three decimals", "512"),
    Column(
        "device_hours",
        Form.HOURS,
        "device-hours",
        "Time held; instead of `devices`, or equal to devices times duration",
        "18432",
    ),
    _word(
        "precision", "Operand format of the matrix products", get_args(fields.Precision), "unknown"
    ),
    _word("sparsity", "Structured sparsity of the operands", get_args(fields.Sparsity), "unknown"),
    _word(
        "operation_kind",
        "Floating point or integer operations",
        get_args(fields.OperationKind),
        "follows from the precision",
    ),
    Column(
        "scale_up_gb_per_s",
        Form.COUNT,
        "GB/s a device",
        "Bandwidth inside the domain, both directions",
        "900",
    ),
    Column("scale_up_domain", Form.COUNT, "devices", "Devices in one scale-up domain", "8"),
    Column(
        "scale_out_gbit_per_s",
        Form.COUNT,
        "Gbit/s a device",
        "Line rate between domains, one direction, in the network of the computation; links for "
        "storage, management or users do not count",
        "400",
    ),
    _word("topology", "How the domains are joined", get_args(fields.Topology), "unknown"),
    Column(
        "concurrent_devices",
        Form.COUNT,
        "devices",
        "Devices that worked on the run at the same time",
        "4096",
    ),
)

_WORK = (
    _operations("operations", "Operations done, the stated figure", "3.8*10^22"),
    _operations("operations_low", "Lower end of the band around it", "3.4*10^22"),
    _operations("operations_high", "Upper end of the band around it", "4.2*10^22"),
    _operations("operations_executed", "Operations with recomputation", "5.1*10^22"),
    _word("method", "How the figure was found", get_args(fields.Method), "none"),
)

_EVIDENCE = (
    _word("evidence_kind", "What stands behind the row", get_args(fields.SourceKind), "assertion"),
    Column(
        "evidence_sha256",
        Form.DIGEST,
        "hex",
        "SHA-256 of the document behind the row",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        absent="the digest of this file",
    ),
    _name("evidence_locator", "Where in that document", "page 3"),
    _name("commitment", "The contract that the hours were drawn from", "C-2026-07"),
    _word("status", "`provisional` while the job is running", ("provisional", "final"), "final"),
    _word("role", "`corroborating` rows never add", ("primary", "corroborating"), "primary"),
)

_HIDDEN = (
    _name("run_name", "Name of the run inside the organisation", "Falcon main run"),
    _name("site", "Where the devices stand", "lux-2"),
    _name("cluster", "The cluster", "lux-2-a"),
    _name("operator", "Who operates it", "Cloud AG"),
    _name("cost_centre", "Who pays", "R-100"),
    Column("notes", Form.NOTE, "", "Anything else", "restarted twice"),
)

HIDDEN = tuple(column.name for column in _HIDDEN)
"""Columns that stand in the ledger only as salted digests, with their openings beside."""

COLUMNS = {
    column.name: column
    for group in (_IDENTITY, _TIME, _HARDWARE, _WORK, _EVIDENCE, _HIDDEN)
    for column in group
}
"""Every column by name, in the order of the page."""

REQUIRED = tuple(column.name for column in COLUMNS.values() if column.required)
"""Columns that every file must have and every row must fill."""


def input_column(name: str) -> Column:
    """The column of one input of an estimate, `input.NAME`."""
    return _name(name, "An input of the method, kept as written", "15*10^12")
