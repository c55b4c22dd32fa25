"""Contracting keeps the forward book: contracts are added, allocated, delivered, novated, expired.

A contract is its commitments, one a month. A change takes back the commitments that it touches and
puts others in their place, all in one transaction, so that at every moment each hour agreed stands
in the ledger once. Deliveries are allocations that name the contract; they net off what is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, Protocol

from ledger.canonical import JSON
from ledger.contract import Contract
from ledger.errors import ConflictError, InputError
from ledger.hardware import Catalogue
from ledger.journeys.correction import corrected_entry
from ledger.journeys.deals import Deal, Part, Shelf
from ledger.log import Appended
from ledger.log.seal import reversal_key
from ledger.record import Draft, draft_of

__all__ = [
    "Changed",
    "Desk",
    "Purpose",
    "Writes",
    "add",
    "allocate",
    "deliver",
    "expire",
    "novate",
]


_HOUR_US: Final = 3_600_000_000
_MILLION: Final = 10**6


class Writes(Protocol):
    """The part of a log that contracting needs."""

    def append(self, drafts: Sequence[Draft], *, whole: bool = False) -> Appended:
        """Append what is new in one transaction, then sign the new head."""

    def preview(self, drafts: Sequence[Draft]) -> Appended:
        """Say what ``append`` would do, and write nothing."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the book is kept.

    Attributes:
        log: Where changes are recorded.
        shelf: Where entries are read from.
    """

    log: Writes
    shelf: Shelf


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of the book recorded.

    Attributes:
        contract: The contract.
        taken_back: Commitments that no longer stand.
        entries: New entries, reversals included.
        same: Commitments that the ledger already held.
    """

    contract: str
    taken_back: tuple[int, ...]
    entries: tuple[int, ...]
    same: int


def add(log: Writes, contract: Contract, catalogue: Catalogue, deals: Iterable[Deal]) -> Changed:
    """Record a contract: its commitments, all or none.

    Raises:
        ConflictError: If a contract of that name stands with other content.
        InputError: If its terms are too long, or its device has no peak in the format agreed.
    """
    drafts = contract.drafts(catalogue.find(contract.device))
    told = log.preview(drafts)
    standing = any(deal.id == contract.id for deal in deals)
    if told.conflicts or (standing and told.new):
        raise ConflictError(
            f"a contract {contract.id!r} stands already, with other content",
            why="what was agreed is changed by a record of the change, never by writing it anew",
            remedy="use contract allocate, novate or expire; or another identifier",
        )
    appended = log.append(drafts, whole=True)
    return Changed(contract.id, (), appended.new, appended.same)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What capacity is meant for.

    Attributes:
        model: The model; None leaves it unallocated.
        developer: Who uses it; None leaves what stands.
        activity: The activity; None leaves what stands.
    """

    model: str | None
    developer: str | None = None
    activity: str | None = None


def allocate(desk: Desk, deal: Deal, purpose: Purpose, *, share: Fraction, since: date) -> Changed:
    """Mean a share of the open capacity for a model, from a day on.

    Each month's commitment of which something is open is taken back; in its place stand what was
    delivered and is not touched, the share with its new purpose, and the rest with the old one.

    Args:
        desk: Where to record it.
        deal: The contract.
        purpose: What the share is meant for.
        share: Of the capacity of each month, above 0 and at most 1.
        since: First day of delivery that is touched; a month that has begun by then is not.

    Raises:
        InputError: If the share is no such share.
        ConflictError: If nothing is open from that day, or the purpose is the one that stands.
    """
    if not 0 < share <= 1:
        raise InputError(f"a share of {share} cannot be allocated", remedy="give 1/4, or 25 %")
    touched = [part for part in _open_from(deal, since) if not _meant(part, purpose)]
    if not touched:
        raise ConflictError(
            f"nothing of {deal.id!r} is open from {since} that is not meant for that already",
            remedy=f"look at it: flopledger contract show {deal.id}",
        )
    drafts: list[Draft] = []
    for part in touched:
        drafts.append(_reversal(desk.shelf, part, f"allocated to {purpose.model or 'no model'}"))
        new = dict(part.body) | {"model": purpose.model}
        new["developer"] = purpose.developer or part.body["developer"]
        new["activity"] = purpose.activity or part.body["activity"]
        drafts.append(_sized(part, new, share))
        if share < 1:
            drafts.append(_sized(part, dict(part.body), 1 - share))
    return _record(desk.log, deal, touched, drafts)


def novate(desk: Desk, deal: Deal, *, side: str, party: str, since: date) -> Changed:
    """Put another party in the place of buyer or seller for what is still to be delivered.

    Args:
        desk: Where to record it.
        deal: The contract.
        side: ``buyer`` or ``seller``.
        party: The new party.
        since: First day of delivery that is touched.

    Raises:
        InputError: If it would be between one party and itself.
        ConflictError: If nothing is open from that day.
    """
    other = "seller" if side == "buyer" else "buyer"
    for name, told in ((side, "is that party already"), (other, "is the other party")):
        if deal.party(name) == party:
            raise InputError(
                f"{party!r} {told}",
                where=f"contract {deal.id}",
                why="a contract is novated to somebody who is not in it",
                remedy="name the party that takes it over",
            )
    touched = list(_open_from(deal, since))
    if not touched:
        raise ConflictError(
            f"nothing of {deal.id!r} is open from {since}", remedy="give another day"
        )
    drafts: list[Draft] = []
    for part in touched:
        drafts.append(_reversal(desk.shelf, part, f"novated: another {side}"))
        drafts.append(_draft(part, dict(part.body), {**part.hidden, side: party}))
    return _record(desk.log, deal, touched, drafts)


def expire(desk: Desk, deal: Deal, *, on: date) -> Changed:
    """Close what will not come any more: windows that ended by a day keep what was delivered.

    Raises:
        ConflictError: If no window has ended with something open.
    """
    touched = [p for p in deal.parts if p.window_end <= on and p.open_us != 0]
    if not touched:
        raise ConflictError(
            f"no window of {deal.id!r} ended by {on} with something open",
            why="what may still be delivered does not expire",
            remedy="give a day on or after the end of a window",
        )
    drafts: list[Draft] = []
    for part in touched:
        if part.open_us is None:
            raise ConflictError(
                f"how much of entry {part.seq} was delivered is not known",
                why="a delivery does not say its device time, so nobody can say what is left",
                remedy="record the device time of that delivery first",
            )
        drafts.append(_reversal(desk.shelf, part, "expired undelivered"))
        if part.delivered.device_us:
            share = Fraction(part.delivered.device_us, part.device_us or 1)
            # How many devices were there at once is in the deliveries.
            drafts.append(_shared(part, dict(part.body) | {"milli_devices": None}, share))
    return _record(desk.log, deal, touched, drafts)


def _open_from(deal: Deal, since: date) -> Iterator[Part]:
    """Yield the commitments of which nothing was delivered and whose window begins by then."""
    for part in deal.parts:
        if part.start >= since and part.open_us != 0 and not part.delivered:
            yield part


def _meant(part: Part, purpose: Purpose) -> bool:
    """Return whether a commitment has that purpose already."""
    body = part.body
    return (
        body["model"] == purpose.model
        and purpose.developer in {None, body["developer"]}
        and purpose.activity in {None, body["activity"]}
    )


def _record(log: Writes, deal: Deal, touched: Sequence[Part], drafts: Sequence[Draft]) -> Changed:
    """Append a change as a whole."""
    appended = log.append(drafts, whole=True)
    if appended.conflicts or appended.same:
        raise ConflictError(
            f"contract {deal.id!r} was changed meanwhile", remedy="look again, and repeat"
        )
    return Changed(deal.id, tuple(part.seq for part in touched), appended.new, 0)


def _sized(part: Part, body: dict[str, Any], share: Fraction) -> Draft:
    """Return a commitment of a share of the devices.

    Raises:
        InputError: If they are no whole number of thousandths, or not stated.
    """
    milli = Fraction(body["milli_devices"] or 0) * share
    if not milli or milli.denominator != 1:
        raise InputError(
            f"a share of {share} of entry {part.seq} is no whole number of thousandths of devices",
            remedy="choose a share that divides the devices",
        )
    return _shared(part, body | {"milli_devices": milli.numerator}, share)


def _shared(part: Part, body: dict[str, Any], share: Fraction) -> Draft:
    """Return a commitment of a share of the device time; operations keep their bounds."""
    us = Fraction(int(body["device_us"])) * share
    assert us.denominator == 1, "a whole number of devices, or of what was delivered"
    body["device_us"] = str(us.numerator)
    for name, up in (("operations_low", False), ("operations", False), ("operations_high", True)):
        if body[name] is not None:
            exact = int(body[name]) * share
            body[name] = str(-(-exact.numerator // exact.denominator) if up else int(exact))
    return _draft(part, body, part.hidden)


def _draft(part: Part, body: dict[str, Any], hidden: Mapping[str, str]) -> Draft:
    """Return a commitment in the place of another."""
    fields = {name: value for name, value in body.items() if not name.endswith("_pseudonym")}
    fields.pop("idempotency_key", None)
    meant = f"model:{body['model']}" if body["model"] else "unallocated"
    identity = ("contract", body["contract"], body["window_start"], body["window_end"])
    own = f"{meant}/{body['activity']}/after:{part.seq}"
    return draft_of("commitment", fields, hidden=hidden, key=(*identity, own))


def _reversal(shelf: Shelf, part: Part, why: str) -> Draft:
    """Return the reversal of a commitment."""
    entry = corrected_entry(shelf, part.seq)
    body: dict[str, JSON] = {
        "reverses": entry.seq,
        "hash": entry.hash().hex(),
        "reversed_type": entry.type,
        "reversed": entry.body,
        "reason": "withdrawn",
        "root_cause": f"contract {part.body['contract']}: {why}",
        "discovered_on": None,
    }
    return draft_of("reversal", body, key=reversal_key(entry.seq))


def deliver(desk: Desk, deal: Deal, drafts: Sequence[Draft]) -> Changed:
    """Record deliveries under a contract, all of them or none.

    Args:
        desk: Where to record it.
        deal: The contract.
        drafts: Allocations, which need not name the contract yet.

    Raises:
        InputError: If one is no allocation, names another contract, or says no device time.
        ConflictError: If more would be delivered than was agreed with its tolerance, or the ledger
            holds one of them with other content.
    """
    under = [_under(draft, deal.id) for draft in drafts]
    told = desk.log.preview(under)
    if told.conflicts:
        raise ConflictError(
            f"entry {told.conflicts[0].seq} is the same allocation with other content",
            remedy="correct it: flopledger restate",
        )
    if told.new:
        _check_quantity(deal, under)
    appended = desk.log.append(under, whole=True)
    return Changed(deal.id, (), appended.new, appended.same)


def _under(draft: Draft, contract: str) -> Draft:
    """Return an allocation that names its contract."""
    if draft.type != "allocation":
        raise InputError(f"a {draft.type} is no delivery", remedy="give allocations, one a line")
    named = draft.body["commitment"]
    if named not in {None, contract}:
        raise InputError(
            f"an allocation of run {draft.body['run']!r} was delivered under {named!r}",
            remedy="leave its commitment out, or deliver it under that contract",
        )
    if draft.body["device_us"] is None:
        raise InputError(
            f"an allocation of run {draft.body['run']!r} does not say its device time",
            why="then nobody can say what is left of the contract",
            remedy="state milli_devices, start and end",
        )
    key = draft.key[1:] if draft.key[1:2] != ("content",) else ()
    return draft_of(
        "allocation", dict(draft.body) | {"commitment": contract}, hidden=draft.hidden, key=key
    )


def _check_quantity(deal: Deal, drafts: Sequence[Draft]) -> None:
    """Refuse what goes beyond the quantity agreed and its tolerance."""
    agreed, terms = deal.agreed_us, deal.terms
    more = sum(int(str(draft.body["device_us"])) for draft in drafts)
    if agreed is None:
        return
    ppm = 0 if terms is None else int(terms["tolerance_ppm"])
    most = agreed * (_MILLION + ppm) // _MILLION
    if deal.delivered_us + more > most:
        over = deal.delivered_us + more - most
        raise ConflictError(
            f"{deal.id!r} would be delivered {decimal_hours(over)} device-hours beyond what was "
            f"agreed with {ppm:,} millionths of tolerance",
            why="what nobody agreed to is no delivery under this contract",
            remedy="record the surplus without the contract, or agree on more: contract add",
        )


def decimal_hours(device_us: int) -> str:
    """Return device-microseconds as hours with two places, rounded up."""
    hundredths = -(-device_us * 100 // _HOUR_US)
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"
