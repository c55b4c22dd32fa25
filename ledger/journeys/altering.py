"""Altering changes what was agreed: capacity is allocated, exercised, novated, or expires.

A change takes back the commitments that it touches and puts others in their place, all in one
transaction, so that at every moment each hour agreed stands in the ledger once. A window in
progress is cut in two: what lies before the day asked for, and before the last delivery, stays,
and with it all that was delivered by then, so that no capacity is open anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from ledger.canonical import JSON
from ledger.drawing import Delivered, drawn_on
from ledger.entry import Entry
from ledger.errors import ConflictError, InputError
from ledger.journeys.contracting import Changed, Desk
from ledger.journeys.correction import corrected_entry
from ledger.journeys.deals import Deal, Part
from ledger.journeys.novation import Novation
from ledger.journeys.share import given_up, scaled, sized
from ledger.log.seal import reversal_key
from ledger.record.draft import Draft, draft_of

__all__ = ["Purpose", "allocate", "exercise", "expire", "novate"]

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What capacity is meant for.

    Attributes:
        model: The model; None leaves it unallocated.
        developer: Who uses it; None leaves what stands.
        activity: The activity; None leaves what stands.
        decided_on: Day on which it was decided; knowledge of a line runs from it.
    """

    model: str | None
    decided_on: date
    developer: str | None = None
    activity: str | None = None

    def of(self, part: Part) -> bool:
        """Return whether a commitment has that purpose already."""
        body = part.body
        return (
            body["model"] == self.model
            and self.developer in {None, body["developer"]}
            and self.activity in {None, body["activity"]}
        )

    def given_to(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a commitment with this purpose."""
        return {
            **body,
            "model": self.model,
            "developer": self.developer or body["developer"],
            "activity": self.activity or body["activity"],
            "allocated_on": self.decided_on.isoformat(),
        }


def allocate(desk: Desk, deal: Deal, purpose: Purpose, *, share: Fraction, since: date) -> Changed:
    """Mean a share of each month for a purpose, from a day on.

    The share is of what was agreed for the month: what is meant for the purpose already is part of
    it, so that asking twice changes nothing the second time.

    Args:
        desk: Where to record it.
        deal: The contract, with every delivery in it.
        purpose: What the share is meant for.
        share: Of each month, above 0 and at most 1.
        since: First day of delivery that is touched.

    Raises:
        InputError: If the share is no such share, or it was decided before the contract was agreed.
        ConflictError: If nothing is open from that day, or as much is meant for it already; or a
            part is asked for of a window whose device time is not known, or what was delivered.
    """
    if not 0 < share <= 1:
        raise InputError(f"a share of {share} cannot be allocated", remedy="give 1/4, or 25 %")
    agreed = min(part.body["agreed_on"] for part in deal.parts)
    if purpose.decided_on.isoformat() < agreed:
        raise InputError(
            f"{deal.id!r} was agreed on {agreed}, after {purpose.decided_on}",
            remedy="give a day on or after that",
        )
    changing = _Changing(desk, deal, since)
    for cut, moved in _moved(deal.id, changing.cuts(), purpose, share):
        body = changing.take(cut, f"allocated to {purpose.model or 'no model'}")
        changing.put(cut.part, sized(cut.part.seq, purpose.given_to(body), moved))
        if moved < 1:
            changing.put(cut.part, sized(cut.part.seq, body, 1 - moved))
    return changing.record(
        f"nothing of {deal.id!r} is open from {since} that is not meant for that already"
    )


def novate(desk: Desk, deal: Deal, novation: Novation, *, since: date) -> Changed:
    """Put another party in the place of buyer or seller for what is still to be delivered.

    Args:
        desk: Where to record it.
        deal: The contract, with every delivery in it.
        novation: Who takes whose place.
        since: First day of delivery that is touched.

    Raises:
        InputError: If it would be between one party and itself, or leave another's customer.
        ConflictError: If nothing is open from that day, the names are not held here, or nobody
            knows how much was delivered of a window in progress.
    """
    changing = _Changing(desk, deal, since)
    cuts = changing.cuts()
    for cut in cuts:
        if novation.touches(deal.id, cut.part):
            body = changing.take(cut, f"novated: another {novation.side}")
            changing.put(cut.part, body, novation.hidden(deal.id, cut.part))
    if cuts and not changing.taken:
        raise novation.refusal(deal.id, "is that party already")
    return changing.record(f"nothing of {deal.id!r} is open from {since}")


def exercise(desk: Desk, deal: Deal, *, on: date) -> Changed:
    """Record that an option was exercised: what is to come of it from that day on counts.

    A window in progress is cut in two; the days before, and what they delivered, were not
    exercised.

    Args:
        desk: Where to record it.
        deal: The contract, with every delivery in it.
        on: The day; not still to come.

    Raises:
        InputError: If it is no option, or was agreed later.
        ConflictError: If it was exercised already, nothing is still to come, or nobody knows how
            much was delivered of a window in progress.
    """
    if deal.kind != "option":
        raise InputError(f"a {deal.kind} is not exercised: {deal.id!r} counts as it stands")
    agreed = deal.first.body["agreed_on"]
    if on.isoformat() < agreed:
        raise InputError(
            f"{deal.id!r} was agreed on {agreed}, and cannot be exercised on {on}",
            remedy="give a day on or after that",
        )
    done = sorted({str(p.body["exercised_on"]) for p in deal.parts if p.body["exercised_on"]})
    if done:
        raise ConflictError(f"{deal.id!r} was exercised already, on {done[0]}")
    changing = _Changing(desk, deal, on)
    came = drawn_on((p.capacity for p in deal.parts), [d for d in deal.deliveries if d.day < on])
    for part in deal.parts:
        cut = _Cut(deal, part, max(part.start, on), came.parts[part.seq])
        if part.window_end > on and not cut.spent:
            body = changing.take(cut, f"exercised on {on}")
            changing.put(part, {**body, "exercised_on": on.isoformat()})
    return changing.record(f"every window of {deal.id!r} ended by {on}, or was delivered in full")


def expire(desk: Desk, deal: Deal, *, on: date) -> Changed:
    """Close what will not come any more: windows that ended by a day keep what was delivered.

    What did not come stays in the ledger as expired: it counts for nothing, and is still priced.

    Args:
        desk: Where to record it.
        deal: The contract, with every delivery in it: a later one may make up for a window.
        on: The day; not still to come.

    Raises:
        ConflictError: If no window has ended with something open.
    """
    changing = _Changing(desk, deal, on)
    for part in deal.parts:
        if part.window_end > on or part.open_us == 0:
            continue
        deal.require_known(part, part.delivered)
        body = changing.take(_Cut(deal, part, part.start, part.delivered), "expired undelivered")
        came = Fraction(0)
        if part.device_us and part.delivered:
            came = Fraction(part.device_us - (part.open_us or 0), part.device_us)
            # How many devices were there at once is in the deliveries.
            changing.put(part, scaled({**body, "milli_devices": None}, came))
        rest = scaled({**body, "expired_on": on.isoformat()}, 1 - came)
        changing.put(part, rest if came == 0 else {**rest, "milli_devices": None})
    return changing.record(
        f"no window of {deal.id!r} ended by {on} with something open",
        why="what may still be delivered does not expire",
        remedy="give a day on or after the end of a window",
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    """A commitment, the first day of what a change touches of it, and what had come by then."""

    deal: Deal
    part: Part
    begin: date
    came: Delivered

    @property
    def came_us(self) -> int:
        """Device-microseconds that had come, rounded up: they stay."""
        return self.came.device_us + (self.came.rest > 0)

    @property
    def spent(self) -> bool:
        """Whether nothing is left to touch: all had come."""
        agreed = self.part.device_us
        return agreed is not None and not self.came.unknown and self.came_us >= agreed

    @property
    def days(self) -> Fraction:
        """The part of its days that lies before."""
        part = self.part
        return Fraction((self.begin - part.start).days, (part.window_end - part.start).days)

    def stays(self) -> Fraction:
        """Return the part of it that stays: that of its days, or what had come if that is more.

        Raises:
            ConflictError: If a window in progress is cut, and nobody knows how much had come.
        """
        if self.days == 0:
            return self.days
        self.deal.require_known(self.part, self.came)
        agreed = self.part.device_us
        return max(self.days, Fraction(self.came_us, agreed)) if agreed else self.days

    def touched_us(self) -> Fraction | None:
        """Return the device-microseconds that are touched; None if not stated."""
        agreed = self.part.device_us
        return None if agreed is None else agreed * (1 - self.stays())


class _Changing:
    """One change of a contract in the making."""

    def __init__(self, desk: Desk, deal: Deal, since: date) -> None:
        """Begin with nothing taken back.

        Args:
            desk: Where to record it.
            deal: The contract.
            since: First day that is touched.
        """
        self._desk = desk
        self._deal = deal
        self._since = since
        self._drafts: list[Draft] = []
        self._untouched: list[str] = []
        self._entries: dict[int, Entry] = {}
        self.taken: list[int] = []

    def cuts(self) -> list[_Cut]:
        """Return what is open of the commitments, from the day after the last delivery."""
        found: list[_Cut] = []
        for part in self._deal.parts:
            if part.window_end <= self._since:
                continue
            days = [each.day for each in self._deal.deliveries if part.holds(each.day)]
            last = max(days, default=part.start - _DAY)
            cut = _Cut(self._deal, part, max(part.start, self._since, last + _DAY), part.delivered)
            if cut.spent:
                continue
            if cut.begin < part.window_end:
                found.append(cut)
                continue
            told = f"{part.start} to {part.window_end} has deliveries until {last}"
            if told not in self._untouched:
                self._untouched.append(told)
        return found

    def take(self, cut: _Cut, why: str) -> dict[str, Any]:
        """Take a commitment back, keep what lies before the cut, and return the rest of it."""
        part = cut.part
        entry = corrected_entry(self._desk.shelf, part.seq)
        self._entries[part.seq] = entry
        self._drafts.append(_reversal(entry, f"contract {self._deal.id}: {why}"))
        self.taken.append(part.seq)
        body, stays = dict(part.body), cut.stays()
        if stays == 0:
            return body
        before, after = scaled(body, stays), scaled(body, 1 - stays)
        if body["device_us"] is not None:
            after["device_us"] = str(int(body["device_us"]) - int(before["device_us"]))
        if stays > cut.days:  # how many devices were there at once is in the deliveries
            before["milli_devices"] = after["milli_devices"] = None
        self.put(part, {**before, "window_end": cut.begin.isoformat()})
        return {**after, "window_start": cut.begin.isoformat()}

    def put(
        self, part: Part, body: Mapping[str, Any], hidden: Mapping[str, str] | None = None
    ) -> None:
        """Put a commitment in the place of another, which was taken back.

        Raises:
            ConflictError: If what the parties keep in confidence is not held here.
        """
        if len(self._entries[part.seq].sd) != len(part.hidden):
            raise ConflictError(
                f"the confidential terms of entry {part.seq} are not held here",
                why="a commitment in its place would lose its parties, its terms and its price",
                remedy="make the change in the ledger that holds them",
            )
        fields = {name: value for name, value in body.items() if not name.endswith("_pseudonym")}
        fields.pop("idempotency_key", None)
        meant = f"model:{body['model']}" if body["model"] else "unallocated"
        identity = ("contract", body["contract"], body["window_start"], body["window_end"])
        ended = "/expired" if body.get("expired_on") else ""
        own = f"{meant}/{body['activity']}/{body['developer']}{ended}/after:{part.seq}"
        secret = part.hidden if hidden is None else hidden
        self._drafts.append(draft_of("commitment", fields, hidden=secret, key=(*identity, own)))

    def record(self, nothing: str, *, why: str = "", remedy: str = "") -> Changed:
        """Append the change as a whole.

        Args:
            nothing: What to say if nothing was taken back.
            why: Why that is so.
            remedy: What to do then.

        Raises:
            ConflictError: If nothing was taken back, or the contract was changed meanwhile.
        """
        deal = self._deal
        if not self.taken:
            raise ConflictError(
                nothing,
                why=why or "; ".join(self._untouched),
                remedy=remedy or f"look at it: flopledger contract show {deal.id}",
            )
        appended = self._desk.log.append(self._drafts, whole=True)
        if appended.conflicts or appended.same:
            raise ConflictError(
                f"contract {deal.id!r} was changed meanwhile", remedy="look again, and repeat"
            )
        return Changed(deal.id, tuple(self.taken), appended.new, 0, tuple(self._untouched))


def _moved(
    contract: str, cuts: Sequence[_Cut], purpose: Purpose, share: Fraction
) -> Iterator[tuple[_Cut, Fraction]]:
    """Yield each commitment that gives something up, and the share of it that it gives.

    Of each window, as much is moved as the purpose lacks of its share; the others give alike.

    Raises:
        ConflictError: If a part of a window is asked for whose device time is not known.
    """
    windows: dict[tuple[date, date], list[_Cut]] = {}
    for cut in cuts:
        windows.setdefault((cut.begin, cut.part.window_end), []).append(cut)
    for (begin, end), held in windows.items():
        others = [cut for cut in held if not purpose.of(cut.part)]
        if not others:
            continue
        own = (cut.touched_us() for cut in held if purpose.of(cut.part))
        what = f"{contract!r} from {begin} until {end}"
        moved = given_up(share, (cut.touched_us() for cut in others), own, what)
        if moved > 0:
            yield from ((cut, moved) for cut in others)


def _reversal(entry: Entry, root_cause: str) -> Draft:
    """Return the reversal of a commitment."""
    body: dict[str, JSON] = {
        "reverses": entry.seq,
        "hash": entry.hash().hex(),
        "reversed_type": entry.type,
        "reversed": entry.body,
        "reason": "withdrawn",
        "root_cause": root_cause,
        "discovered_on": None,
    }
    return draft_of("reversal", body, key=reversal_key(entry.seq))
