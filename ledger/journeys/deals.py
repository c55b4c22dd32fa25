"""A deal is a contract as it stands in a ledger: commitments, what was delivered of them, terms."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Protocol

from ledger.contract import Price
from ledger.contract.terms import TERMS_SCHEMA
from ledger.errors import MissingError
from ledger.forward import Delivered, drawn_on
from ledger.log.store import Row
from ledger.measure import StoredRecord
from ledger.period import parse_day

__all__ = ["Deal", "Part", "Shelf", "agreed_by", "deals_of", "find_deal"]

_GAP_MAX: Final = 64  # entries between two commitments that are read along


class Shelf(Protocol):
    """The part of a store that the book is read from."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield entries."""

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield openings: entry, place, bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One commitment of a contract that stands.

    Attributes:
        seq: Its entry.
        body: Its public fields.
        hidden: Its confidential fields, as far as they are held here.
        delivered: What was delivered of it.
    """

    seq: int
    body: Mapping[str, Any]
    hidden: Mapping[str, str]
    delivered: Delivered

    @property
    def model(self) -> str | None:
        """Model that it is meant for; None while unallocated."""
        model: str | None = self.body["model"]
        return model

    @property
    def start(self) -> date:
        """First day of delivery."""
        return parse_day(self.body["window_start"])

    @property
    def window_end(self) -> date:
        """First day after it."""
        return parse_day(self.body["window_end"])

    @property
    def device_us(self) -> int | None:
        """Device-microseconds agreed; None if not stated."""
        text = self.body["device_us"]
        return None if text is None else int(text)

    @property
    def open_us(self) -> int | None:
        """Device-microseconds still to come; None if not known."""
        agreed = self.device_us
        if agreed is None or self.delivered.unknown:
            return None
        return max(0, agreed - self.delivered.device_us)

    @property
    def agreed_on(self) -> date:
        """Day of signature."""
        return parse_day(self.body["agreed_on"])

    def counts_by(self, day: date) -> bool:
        """Return whether it counts on a day: an option does once it is exercised."""
        if self.body["kind"] != "option":
            return True
        exercised = self.body["exercised_on"]
        return exercised is not None and parse_day(exercised) <= day


@dataclass(frozen=True, slots=True)
class Deal:
    """A contract as it stands in the ledger.

    Attributes:
        id: Its identifier.
        parts: Its commitments, in order of delivery.
        delivered_us: Device-microseconds delivered under it, as far as known; more than was
            agreed is in here too.
    """

    id: str
    parts: tuple[Part, ...]
    delivered_us: int

    @property
    def kind(self) -> str:
        """Forward, option, reservation or plan."""
        return str(self.parts[0].body["kind"])

    @property
    def agreed_us(self) -> int | None:
        """Device-microseconds agreed; None if a part does not say."""
        held = [part.device_us for part in self.parts]
        return None if None in held else sum(each or 0 for each in held)

    @property
    def open_us(self) -> int | None:
        """Device-microseconds still to come; None if not known."""
        held = [part.open_us for part in self.parts]
        return None if None in held else sum(each or 0 for each in held)

    @property
    def terms(self) -> Mapping[str, Any] | None:
        """The terms kept in confidence; None where they are not held, or are no such terms."""
        return self._document("terms", TERMS_SCHEMA)

    @property
    def price(self) -> Price | None:
        """The price; None where it is not held or was not stated."""
        found = self._document("price", None)
        return None if found is None else Price.of(found)

    def party(self, side: str) -> str | None:
        """Return the name of buyer or seller; None where it is not held."""
        return next((p.hidden[side] for p in self.parts if side in p.hidden), None)

    def _document(self, field: str, schema: str | None) -> Mapping[str, Any] | None:
        """Return a confidential field that is a document of ours."""
        for part in self.parts:
            try:
                found = json.loads(part.hidden.get(field, ""))
            except ValueError:
                continue
            if isinstance(found, dict) and (schema is None or found.get("schema") == schema):
                return found
        return None


def deals_of(
    records: Iterable[StoredRecord],
    delivered: Mapping[str, Mapping[str, Delivered]],
    shelf: Shelf,
) -> tuple[Deal, ...]:
    """Return the contracts that stand, by identifier.

    Args:
        records: Commitments that stand, in order.
        delivered: What was delivered, by contract and model.
        shelf: Where confidential fields are read from; those not held are left out.
    """
    by_contract: dict[str, list[StoredRecord]] = {}
    for record in records:
        by_contract.setdefault(str(record.body["contract"]), []).append(record)
    hidden = _hidden_of(shelf, sorted(r.seq for held in by_contract.values() for r in held))
    found = []
    for name in sorted(by_contract):
        bare = [Part(r.seq, r.body, hidden[r.seq], Delivered()) for r in by_contract[name]]
        drawn = drawn_on(bare, delivered.get(name, {}))
        parts = [Part(part.seq, part.body, part.hidden, share) for part, share in drawn]
        parts.sort(key=lambda part: (part.start, part.seq))
        total = sum(each.device_us for each in delivered.get(name, {}).values())
        found.append(Deal(name, tuple(parts), total))
    return tuple(found)


def agreed_by(deals: Iterable[Deal], day: date) -> tuple[Deal, ...]:
    """Return what of some contracts was agreed by a day."""
    found = []
    for deal in deals:
        parts = tuple(part for part in deal.parts if part.agreed_on <= day)
        if parts:
            found.append(deal if len(parts) == len(deal.parts) else replace(deal, parts=parts))
    return tuple(found)


def find_deal(deals: Iterable[Deal], name: str) -> Deal:
    """Return one contract.

    Raises:
        MissingError: If no commitment of it stands.
    """
    held = {deal.id: deal for deal in deals}
    if name not in held:
        known = ", ".join(list(held)[:5]) or "none"
        raise MissingError(
            f"no contract {name!r} stands in this ledger",
            why=f"those that do: {known}",
            remedy="list them: flopledger contract list",
        )
    return held[name]


def _hidden_of(shelf: Shelf, seqs: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    """Return the confidential fields of entries that are held, by entry.

    Commitments stand close together in a log: those near each other are read in one go.
    """
    found: dict[int, dict[str, str]] = {seq: {} for seq in seqs}
    for start, stop in _stretches(seqs):
        for seq, _, stored in shelf.openings(start, stop):
            if seq in found:
                padded = stored + b"=" * (-len(stored) % 4)
                _, name, value = json.loads(base64.urlsafe_b64decode(padded))
                found[seq][str(name)] = str(value)
    return found


def _stretches(seqs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges that cover numbers in order, without long gaps in them."""
    start = last = None
    for seq in seqs:
        if start is not None and last is not None and seq - last > _GAP_MAX:
            yield start, last + 1
            start = None
        start = seq if start is None else start
        last = seq
    if start is not None and last is not None:
        yield start, last + 1
