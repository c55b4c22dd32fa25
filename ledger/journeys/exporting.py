"""Exporting: the leaves as they are, or the fields of their records as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from ledger.canonical import JSON, encode
from ledger.entry import Entry
from ledger.errors import InputError
from ledger.record.draft import MODELS

__all__ = [
    "ENTRY_COLUMNS",
    "Cell",
    "Columns",
    "Kind",
    "Leaf",
    "columns_of",
    "leaf_lines",
    "rows_of",
]

Kind: TypeAlias = Literal["text", "integer", "decimal", "boolean"]
Cell: TypeAlias = str | int | bool | None

DIGITS = r"^(0|[1-9][0-9]{0,37})$"  # how the schemas of records describe exact large integers

ENTRY_COLUMNS: Mapping[str, Kind] = {
    "seq": "integer",
    "id": "text",
    "type": "text",
    "recorded_at": "text",
    "hash": "text",
}


class Leaf(Protocol):
    """An entry as a store gives it out."""

    @property
    def bytes(self) -> bytes:
        """The canonical bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Columns:
    """A table to export.

    Attributes:
        record: Record type whose fields are columns, or None for all types with bodies as JSON.
        kinds: Name and kind of each column, in order.
    """

    record: str | None
    kinds: Mapping[str, Kind]


def leaf_lines(rows: Iterable[Leaf]) -> Iterator[bytes]:
    """Yield the leaf bytes, one a line: canonical JSON never holds a raw line end."""
    return (row.bytes + b"\n" for row in rows)


def columns_of(record: str | None) -> Columns:
    """Return the columns of a table.

    Args:
        record: Record type, or None for one table of all entries.

    Raises:
        InputError: If there is no such record type.
    """
    if record is None:
        return Columns(None, {**ENTRY_COLUMNS, "body": "text"})
    model = MODELS.get(record)
    if model is None:
        raise InputError(f"record type {record!r} is unknown", remedy="use: " + ", ".join(MODELS))
    properties: Mapping[str, Any] = model.model_json_schema()["properties"]
    kinds: dict[str, Kind] = {**ENTRY_COLUMNS}
    kinds.update({name: _kind(described) for name, described in properties.items()})
    kinds.update({f"{name}_pseudonym": "text" for name in sorted(model.PSEUDONYMS)})
    return Columns(record, {**kinds, "idempotency_key": "text"})


def rows_of(leaves: Iterable[Leaf], columns: Columns) -> Iterator[tuple[Cell, ...]]:
    """Yield the cells of each entry that belongs into the table, in the order of the columns."""
    names = [name for name in columns.kinds if name not in ENTRY_COLUMNS]
    for leaf in leaves:
        entry = Entry.parse(leaf.bytes)
        if columns.record is None:
            yield (*_place(entry), encode(entry.body).decode())
        elif entry.type == columns.record:
            yield (*_place(entry), *_cells(entry, names))


def _place(entry: Entry) -> tuple[Cell, ...]:
    """Return the cells of ``ENTRY_COLUMNS``."""
    return (entry.seq, entry.id, entry.type, entry.recorded_at, entry.hash().hex())


def _cells(entry: Entry, names: Sequence[str]) -> Iterator[Cell]:
    """Yield the fields of a body; what has parts is written as JSON."""
    for name in names:
        value: JSON = entry.body.get(name)
        yield encode(value).decode() if isinstance(value, dict | list) else value


def _kind(described: Mapping[str, Any]) -> Kind:
    """Return the kind of column for a field as its JSON Schema describes it."""
    forms = [form for form in described.get("anyOf", [described]) if form.get("type") != "null"]
    if len(forms) != 1:
        return "text"
    (form,) = forms
    if form.get("pattern") == DIGITS:
        return "decimal"
    if form.get("type") == "integer":
        return "integer"
    return "boolean" if form.get("type") == "boolean" else "text"
