"""A saved scenario is what somebody supposed, as a file, ``flopledger/scenario.v2``, read strictly.

It is never a rule pack and never a record: it names figures, drafts by the digest of what they say,
readings, standings and changes of the book, and the days asked. A draft that says something else
by now is refused, so that a scenario that is asked again is the one that was saved. The version
before, ``flopledger/scenario.v1``, is read too: it asks the book only to change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError
from ledger.hardware.fields import Fields
from ledger.journeys.supposed_book import CHANGES, Kind, Supposed
from ledger.period import parse_day
from ledger.yamltree import parse_tree

__all__ = ["SCHEMA", "SavedDraft", "SavedScenario", "read_scenario"]

SCHEMA: Final = "flopledger/scenario.v2"
_FIRST: Final = "flopledger/scenario.v1"
_KEYS: Final = (
    "schema",
    "hypothetical",
    "origin",
    "pack",
    "in_force_on",
    "law_known_on",
    "as_of",
    "optional",
    "settings",
    "drafts",
    "readings",
    "readings_today",
    "assumptions",
    "asks_book",
    "book",
)
_SIZE_MAX: Final = 1_000_000
_HEX: Final = frozenset("0123456789abcdef")
_DIGEST: Final = 64


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft that a scenario lays over the rules.

    Attributes:
        file: Where it is, from the folder of the scenario.
        pack: Digest of what it says, hex.
    """

    file: str
    pack: str


@dataclass(frozen=True, slots=True)
class SavedScenario:
    """What was supposed, of which rules and days.

    Attributes:
        origin: Ledger that was asked.
        pack: Digest of the rules in use, hex.
        in_force_on: Day of the law.
        law_known_on: Day by which the law was known.
        as_of: Last day whose work and facts count.
        optional: Whether optional regimes were asked too.
        settings: Figures set, as written.
        drafts: Drafts laid over the rules.
        readings: Readings of the scenario.
        readings_today: Readings that are taken under both laws.
        assumptions: Standings assumed.
        asks_book: Whether crossings are asked of the forward book, even if none of it changes.
        book: Changes of the forward book.
    """

    origin: str
    pack: str
    in_force_on: date
    law_known_on: date
    as_of: date
    optional: bool
    settings: tuple[str, ...]
    drafts: tuple[SavedDraft, ...]
    readings: tuple[str, ...]
    readings_today: tuple[str, ...]
    assumptions: tuple[str, ...]
    asks_book: bool
    book: tuple[Supposed, ...]

    def document(self) -> dict[str, JSON]:
        """Return the file, keys in the order in which people read them."""
        return {
            "schema": SCHEMA,
            "hypothetical": "true",
            "origin": self.origin,
            "pack": self.pack,
            "in_force_on": self.in_force_on.isoformat(),
            "law_known_on": self.law_known_on.isoformat(),
            "as_of": self.as_of.isoformat(),
            "optional": "true" if self.optional else "false",
            "settings": list(self.settings),
            "drafts": [{"file": each.file, "pack": each.pack} for each in self.drafts],
            "readings": list(self.readings),
            "readings_today": list(self.readings_today),
            "assumptions": list(self.assumptions),
            "asks_book": "true" if self.asks_book else "false",
            "book": list(_changes(self.book)),
        }


def read_scenario(data: bytes, source: str) -> SavedScenario:
    """Read a saved scenario.

    Args:
        data: The file.
        source: Its name, for messages.

    Raises:
        InputError: If anything is missing, unknown or not written as it must be.
    """
    if len(data) > _SIZE_MAX:
        raise InputError("the file is too large for a scenario", where=source)
    try:
        return _read(Fields.of(parse_tree(data.decode("utf-8"), where=source), source))
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8", where=source) from error
    except LedgerError as error:
        raise InputError(
            error.message,
            where=error.where or source,
            why=error.why,
            remedy=error.remedy or "save it again: flopledger rules whatif … --save FILE",
        ) from error


def _read(fields: Fields) -> SavedScenario:
    """Read the fields."""
    first = fields.text("schema", (SCHEMA, _FIRST)) == _FIRST
    keys = tuple(key for key in _KEYS if not first or key != "asks_book")
    fields.only(keys).text("hypothetical", ("true",))
    book = tuple(_change(child) for child in fields.children("book"))
    asks_book = bool(book) if first else fields.text("asks_book", ("true", "false")) == "true"
    if book and not asks_book:
        raise InputError("asks_book is 'false', and the book is changed", where=fields.where)
    return SavedScenario(
        origin=fields.text("origin"),
        pack=_digest(fields),
        in_force_on=parse_day(fields.text("in_force_on")),
        law_known_on=parse_day(fields.text("law_known_on")),
        as_of=parse_day(fields.text("as_of")),
        optional=fields.text("optional", ("true", "false")) == "true",
        settings=fields.texts("settings"),
        drafts=tuple(
            SavedDraft(child.text("file"), _digest(child))
            for child in fields.children("drafts", ("file", "pack"))
        ),
        readings=fields.texts("readings"),
        readings_today=fields.texts("readings_today"),
        assumptions=fields.texts("assumptions"),
        asks_book=asks_book,
        book=book,
    )


def _digest(fields: Fields) -> str:
    """Return a digest."""
    text = fields.text("pack")
    if len(text) != _DIGEST or not set(text) <= _HEX:
        raise InputError(f"pack is {text[:80]!r}, which is no digest", where=fields.where)
    return text


def _change(fields: Fields) -> Supposed:
    """Return one change of the book."""
    kind = cast("Kind", fields.text("change", CHANGES))
    keys = ("change", "contract") if kind == "exercise" else ("change", "contract", "value")
    fields.only(keys)
    value = "" if kind == "exercise" else f"={fields.text('value')}"
    return Supposed.parse(kind, fields.text("contract") + value)


def _changes(book: tuple[Supposed, ...]) -> Iterator[dict[str, Any]]:
    """Yield the changes of the book as they are written."""
    for change in book:
        value = {"value": change.value} if change.value else {}
        yield {"change": change.kind, "contract": change.contract, **value}
