"""Contracting keeps the forward book: contracts are added and delivered; see also altering.

A contract is its commitments, one a month. Deliveries are allocations that name the contract; they
net off what is open. Every hour agreed stands in the ledger once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, Protocol

from ledger.canonical import JSON
from ledger.contract import Contract
from ledger.drawing import Capacity, Unrated, in_agreed
from ledger.errors import ConflictError, InputError
from ledger.hardware import Catalogue
from ledger.journeys.correction import corrected_entry
from ledger.journeys.deals import Deal, Shelf
from ledger.log import Appended
from ledger.log.wholes import judge
from ledger.period import parse_day
from ledger.record.draft import Draft, draft_of

__all__ = ["Changed", "Desk", "Writes", "add", "decimal_hours", "deliver"]


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
        same: Records that the ledger already held.
        untouched: Windows that a change could not touch any more, and why, for people.
    """

    contract: str
    taken_back: tuple[int, ...]
    entries: tuple[int, ...]
    same: int
    untouched: tuple[str, ...] = ()


def add(
    log: Writes, contract: Contract, catalogue: Catalogue, deals: Iterable[Deal], today: date
) -> Changed:
    """Record a contract: its commitments, all or none.

    Args:
        log: Where to record it.
        contract: The contract.
        catalogue: Knows its device.
        deals: The contracts that stand.
        today: Nothing was signed or exercised later.

    Raises:
        ConflictError: If a contract of that name stands with other content.
        InputError: If its terms are too long, its device has no peak in the format agreed, or it
            was not signed yet.
    """
    contract.require_past(today)
    drafts = contract.drafts(catalogue.find(contract.device))
    told = log.preview(drafts)
    standing = any(deal.id == contract.id for deal in deals)
    if told.conflicts or (standing and told.new):
        raise ConflictError(
            f"a contract {contract.id!r} stands already, with other content",
            why="what was agreed is changed by a record of the change, never by writing it anew",
            remedy="use contract allocate, exercise, novate or expire; or another identifier",
        )
    appended = log.append(drafts, whole=True)
    return Changed(contract.id, (), appended.new, appended.same)


def deliver(desk: Desk, deal: Deal, drafts: Sequence[Draft]) -> Changed:
    """Record deliveries under a contract that the ledger does not hold yet, all of them or none.

    Args:
        desk: Where to record it.
        deal: The contract, with every delivery in it.
        drafts: Allocations, which need not name the contract yet.

    Raises:
        InputError: If one is no allocation, names another contract, is no own primary work, or says
            no device time; or its device or its day is not one that was agreed.
        ConflictError: If more would be delivered than was agreed with its tolerance, or the ledger
            holds one of them with other content, or another of them has that.
    """
    fresh = _Fresh.of(desk, _told_once([_under(draft, deal.id) for draft in drafts]))
    capacities = tuple(part.capacity for part in deal.parts)
    for draft in fresh.drafts:
        _check_device(deal, capacities, draft)
        _check_day(deal, draft)
    if not fresh.drafts:
        return Changed(deal.id, (), (), len(drafts))
    _check_quantity(deal, capacities, fresh)
    appended = desk.log.append(fresh.drafts, whole=not fresh.superseded)
    if appended.conflicts or len(appended.new) != len(fresh.drafts):
        raise ConflictError(
            f"contract {deal.id!r} was changed meanwhile", remedy="look again, and repeat"
        )
    return Changed(deal.id, (), appended.new, len(drafts) - len(fresh.drafts))


def _under(draft: Draft, contract: str) -> Draft:
    """Return an allocation that names its contract."""
    if draft.type != "allocation":
        raise InputError(f"a {draft.type} is no delivery", remedy="give allocations, one a line")
    body, named = draft.body, draft.body["commitment"]
    what = f"an allocation of run {body['run']!r}"
    if named not in {None, contract}:
        raise InputError(
            f"{what} was delivered under {named!r}",
            remedy="leave its commitment out, or deliver it under that contract",
        )
    if (body["role"], body["extent"]) != ("primary", "own"):
        odd = "corroborates another" if body["role"] != "primary" else "is a cumulative figure"
        raise InputError(
            f"{what} {odd}, and is no delivery",
            why="it would net nothing off what is open",
            remedy="record it without the contract: flopledger record",
        )
    if body["device_us"] is None:
        raise InputError(
            f"{what} does not say its device time",
            why="then nobody can say what is left of the contract",
            remedy="state milli_devices, start and end",
        )
    key = draft.key[1:] if draft.key[1:2] != ("content",) else ()
    return draft_of(
        "allocation", dict(body) | {"commitment": contract}, hidden=draft.hidden, key=key
    )


def _told_once(drafts: Iterable[Draft]) -> list[Draft]:
    """Return allocations, each once: of one that goes on, the last that is told.

    Raises:
        ConflictError: If two are the same allocation with other content.
    """
    found: dict[tuple[str, ...], Draft] = {}
    for draft in drafts:
        before = found.setdefault(draft.key, draft)
        if before == draft:
            continue
        verdict = judge(before.body, draft.body)
        if verdict == "differs":
            raise ConflictError(
                f"two lines are the same allocation with other content: run {draft.body['run']!r}",
                why=f"both have the key {', '.join(draft.key[1:])}",
                remedy="leave one of them out, or give each a key of its own",
            )
        if verdict == "replaces":
            found[draft.key] = draft
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What of some deliveries the ledger does not hold yet.

    Attributes:
        drafts: The new ones.
        superseded: Bodies of the provisional deliveries that they replace.
    """

    drafts: list[Draft]
    superseded: Sequence[Mapping[str, JSON]]

    @classmethod
    def of(cls, desk: Desk, drafts: Sequence[Draft]) -> _Fresh:
        """Ask the ledger.

        Raises:
            ConflictError: If it holds one of them with other content.
        """
        told = desk.log.preview(drafts)
        if told.conflicts:
            raise ConflictError(
                f"entry {told.conflicts[0].seq} is the same allocation with other content",
                remedy="correct it: flopledger restate",
            )
        gone = [corrected_entry(desk.shelf, seq).body for seq in told.superseded]
        return cls(list(_new_of(desk.log, drafts, told)), gone)


def _new_of(log: Writes, drafts: Sequence[Draft], told: Appended) -> Iterator[Draft]:
    """Yield the drafts that a log does not hold; halves of which it holds some are asked again.

    Args:
        log: The log.
        drafts: No two of one key.
        told: What it said of all of them.
    """
    if not told.same:
        yield from drafts
    elif told.new:
        middle = len(drafts) // 2
        for half in (drafts[:middle], drafts[middle:]):
            yield from _new_of(log, half, log.preview(half))


def _check_device(deal: Deal, capacities: Sequence[Capacity], draft: Draft) -> None:
    """Refuse a device that the contract does not let be delivered."""
    device = draft.body["device"]
    ratios = [each.ratio(None if device is None else str(device)) for each in capacities]
    if any(isinstance(ratio, Fraction) for ratio in ratios):
        return
    agreed = deal.first.body["device"]
    if device is None:
        raise InputError(
            f"an allocation of run {draft.body['run']!r} does not say its device",
            why=f"{agreed} was agreed, and another device counts by a ratio",
            remedy="state the device",
        )
    silent = Unrated.UNKNOWN in ratios
    raise InputError(
        f"{deal.id!r} does not let {device} be delivered in place of {agreed}",
        why="how many of it stand for one agreed is not recorded with the contract"
        if silent
        else "it is not among the substitutes that were agreed",
        remedy="record it without the contract: flopledger record",
    )


def _check_day(deal: Deal, draft: Draft) -> None:
    """Refuse a day on which nothing was to be delivered."""
    day, dated = _day_of(draft.body), draft.body["start"] is not None
    if any(part.start <= day and (day < part.window_end or not dated) for part in deal.parts):
        return
    windows = f"{deal.parts[0].start} to {max(part.window_end for part in deal.parts)}"
    raise InputError(
        f"nothing of {deal.id!r} was to be delivered on {day}",
        why=f"its windows run from {windows}, which is the first day after them",
        remedy="record it without the contract, and close windows that are over: contract expire",
    )


def _day_of(body: Mapping[str, JSON]) -> date:
    """Return the day of an allocation; of undated work the last one possible."""
    return parse_day(
        str(body["start"])[:10] if body["start"] is not None else str(body["not_after"])
    )


def _check_quantity(deal: Deal, capacities: Sequence[Capacity], fresh: _Fresh) -> None:
    """Refuse what goes beyond the quantity agreed by then and its tolerance.

    A month may make up for what an earlier one lacks; none takes from a later one.
    """
    if deal.agreed_us is None:
        return
    more = [draft.body for draft in fresh.drafts]
    amounts = [(d.day, in_agreed(capacities, d.device, d.device_us)) for d in deal.deliveries]
    amounts += [(_day_of(body), _of_body(capacities, body)) for body in more]
    amounts += [(_day_of(body), -_of_body(capacities, body)) for body in fresh.superseded]
    ppm = 0 if deal.terms is None else int(deal.terms["tolerance_ppm"])
    first = min(_day_of(body) for body in more)
    for end, agreed in _limits(deal):
        most = agreed * (_MILLION + ppm) // _MILLION
        over = sum((us for day, us in amounts if day < end), Fraction(0)) - most
        if first < end and over > 0:
            until = "" if end == date.max else f" by {end}"
            raise ConflictError(
                f"{deal.id!r} would be delivered {decimal_hours(over)} device-hours beyond what "
                f"was agreed{until} with {ppm:,} millionths of tolerance",
                why="what nobody agreed to is no delivery under this contract",
                remedy="record the surplus without the contract, or agree on more: contract add",
            )


def _limits(deal: Deal) -> Iterator[tuple[date, int]]:
    """Yield days before which no more may come than the windows begun by then have agreed."""
    starts = sorted({part.start for part in deal.parts})
    for end in (*starts[1:], date.max):
        yield end, sum(part.device_us or 0 for part in deal.parts if part.start < end)


def _of_body(capacities: Sequence[Capacity], body: Mapping[str, JSON]) -> Fraction:
    """Return the device time of an allocation in the device agreed."""
    device = body["device"]
    return in_agreed(
        capacities, None if device is None else str(device), int(str(body["device_us"]))
    )


def decimal_hours(device_us: Fraction | int) -> str:
    """Return device-microseconds as hours with two places, rounded up."""
    hundredths = -(-device_us * 100 // _HOUR_US)
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"
