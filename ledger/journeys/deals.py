"""A deal is a contract as it stands in a ledger: commitments, what was delivered of them, terms."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Final, Protocol

from ledger.contract import Price
from ledger.contract.terms import TERMS_SCHEMA
from ledger.drawing import Capacity, Delivered, Delivery, Unrated, drawn_on, expires_on, standing_by
from ledger.errors import ConflictError, MissingError
from ledger.forward import counts_from
from ledger.log.store import Row
from ledger.measure import StoredRecord
from ledger.period import parse_day

__all__ = ["Deal", "Part", "Shelf", "agreed_by", "deals_of", "find_deal"]

_GAP_MAX: Final = 64  # entries between two commitments that are read along
_NAMED_MAX: Final = 5


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
    def capacity(self) -> Capacity:
        """What deliveries draw on."""
        return Capacity.of(self.seq, self.body)

    @property
    def terms(self) -> Mapping[str, Any] | None:
        """The terms kept in confidence; None where they are not held, or are no such terms."""
        return _document(self.hidden.get("terms"), TERMS_SCHEMA)

    def holds(self, day: date) -> bool:
        """Return whether its window holds a day."""
        return self.start <= day < self.window_end

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

    @property
    def known_on(self) -> date:
        """Day from which what it is meant for is known, as signed, exercised or allocated."""
        return self.counts_from or self.agreed_on

    @property
    def counts_from(self) -> date | None:
        """Day from which it counts; None for an option that nobody exercised."""
        return counts_from(self.body)

    def counts_by(self, day: date) -> bool:
        """Return whether it counts on a day: an option does once it is exercised."""
        since = self.counts_from
        return since is not None and since <= day


@dataclass(frozen=True, slots=True)
class Deal:
    """A contract as it stands in the ledger by a day.

    Attributes:
        id: Its identifier.
        parts: Its commitments, in order of delivery; none once all of it has expired.
        deliveries: What was delivered under it, in order of day.
        beyond_us: Device-microseconds delivered beyond what was agreed, in the device agreed.
        expired: What of it did not come and by the day will not, in order of delivery; it counts
            for nothing.
    """

    id: str
    parts: tuple[Part, ...]
    deliveries: tuple[Delivery, ...]
    beyond_us: int
    expired: tuple[Part, ...] = ()

    @property
    def first(self) -> Part:
        """The commitment that says what holds of all of them: kind, device and grade."""
        return self.parts[0] if self.parts else self.expired[0]

    @property
    def kind(self) -> str:
        """Forward, option, reservation or plan."""
        return str(self.first.body["kind"])

    @property
    def exercised_on(self) -> date | None:
        """Day on which an option was exercised, if any of it was."""
        days = [str(each.body["exercised_on"]) for each in self._all if each.body["exercised_on"]]
        return parse_day(min(days)) if days else None

    @property
    def agreed_us(self) -> int | None:
        """Device-microseconds agreed; None if a part does not say."""
        held = [part.device_us for part in self.parts]
        return None if None in held else sum(each or 0 for each in held)

    @property
    def delivered_us(self) -> int:
        """Device-microseconds delivered, in the device agreed, as far as known."""
        return self.beyond_us + sum(part.delivered.device_us for part in self.parts)

    @property
    def open_us(self) -> int | None:
        """Device-microseconds still to come; None if not known."""
        held = [part.open_us for part in self.parts]
        return None if None in held else sum(each or 0 for each in held)

    @property
    def terms(self) -> Mapping[str, Any] | None:
        """The terms kept in confidence; None where they are not held, or are no such terms."""
        return next((part.terms for part in self._all if part.terms is not None), None)

    @property
    def substitutes(self) -> Mapping[str, Fraction] | None:
        """How many of a device stand for one agreed, by device; None where that is not known.

        Stated in the open; in the terms alone by contracts that were recorded before that was so.
        """
        stated, terms = self.first.capacity.substitutes, self.terms
        if stated is not None or terms is None:
            return stated
        return {str(name): Fraction(ratio) for name, ratio in terms["substitutes"]}

    @property
    def price(self) -> Price | None:
        """The price; None where it is not held or was not stated."""
        held = (_document(part.hidden.get("price"), None) for part in self._all)
        return next((Price.of(found) for found in held if found is not None), None)

    def party(self, side: str) -> str | None:
        """Return the name of buyer or seller, of the first month; None where it is not held."""
        return next((p.hidden[side] for p in self._all if side in p.hidden), None)

    def require_known(self, part: Part, came: Delivered) -> None:
        """Refuse to go on where nobody knows how much of a commitment was delivered.

        Args:
            part: The commitment.
            came: What was delivered of it, by some day.

        Raises:
            ConflictError: If a delivery does not say how much it was, or what was agreed does not.
        """
        if came.unknown:
            rated = [each.capacity for each in self.parts]
            told = [
                f"delivered to {each.model} on {each.day} (entry {each.seq})"
                for each in self.deliveries
                if each.unknown or Unrated.UNKNOWN in [c.ratio(each.device) for c in rated]
            ]
            more = f" and {len(told) - _NAMED_MAX:,} more" if len(told) > _NAMED_MAX else ""
            why = f"nobody can say how much was {'; '.join(told[:_NAMED_MAX])}{more}"
            remedy = "record the device time and the device of that delivery first"
        elif came and part.device_us is None:
            why = "it does not say how much device time was agreed, and deliveries came of it"
            remedy = f"record its device time first: flopledger restate {part.seq}"
        else:
            return
        what = f"how much of entry {part.seq} was delivered is not known"
        raise ConflictError(what, why=why, remedy=remedy)

    @property
    def _all(self) -> tuple[Part, ...]:
        """What stands, and what expired."""
        return (*self.parts, *self.expired)


def deals_of(
    records: Iterable[StoredRecord],
    delivered: Mapping[str, tuple[Delivery, ...]],
    shelf: Shelf,
    as_of: date,
    *,
    closed: bool = False,
) -> tuple[Deal, ...]:
    """Return the contracts that stand by a day, by identifier.

    Args:
        records: Commitments that stand, in order.
        delivered: What was delivered by the day, by contract.
        shelf: Where confidential fields are read from; those not held are left out.
        as_of: The day; what expired later stood then.
        closed: Whether those are wanted too of which all has expired.
    """
    by_contract: dict[str, list[StoredRecord]] = {}
    for record in records:
        by_contract.setdefault(str(record.body["contract"]), []).append(record)
    hidden = _hidden_of(shelf, sorted(r.seq for held in by_contract.values() for r in held))
    found = []
    for name in sorted(by_contract):
        deal = _deal(name, by_contract[name], delivered.get(name, ()), hidden, as_of)
        if deal.parts or closed:
            found.append(deal)
    return tuple(found)


def _deal(
    name: str,
    records: Sequence[StoredRecord],
    deliveries: tuple[Delivery, ...],
    hidden: Mapping[int, Mapping[str, str]],
    as_of: date,
) -> Deal:
    """Return one contract, its deliveries drawn on what has not expired by a day."""
    live = [r for r in records if standing_by(expires_on(r.body), as_of)]
    gone = [r for r in records if not standing_by(expires_on(r.body), as_of)]
    drawn = drawn_on((Capacity.of(r.seq, r.body) for r in live), deliveries)
    parts = [Part(r.seq, r.body, hidden[r.seq], drawn.parts[r.seq]) for r in live]
    over = [Part(r.seq, r.body, hidden[r.seq], Delivered()) for r in gone]
    for held in (parts, over):
        held.sort(key=lambda part: (part.start, part.seq))
    return Deal(name, tuple(parts), deliveries, drawn.beyond_us, tuple(over))


def agreed_by(deals: Iterable[Deal], day: date) -> tuple[Deal, ...]:
    """Return what of some contracts was agreed by a day."""
    found = []
    for deal in deals:
        parts, over = (
            tuple(part for part in held if part.agreed_on <= day)
            for held in (deal.parts, deal.expired)
        )
        if parts or over:
            found.append(replace(deal, parts=parts, expired=over))
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


def _document(text: str | None, schema: str | None) -> Mapping[str, Any] | None:
    """Return a confidential field that is a document of ours."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    known = isinstance(found, dict) and (schema is None or found.get("schema") == schema)
    return found if known else None


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
