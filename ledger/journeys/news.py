"""News is what comes out otherwise than in an earlier report, determination by determination."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.determination import Determination
from ledger.errors import InputError
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.urgency import urgency

__all__ = ["Change", "News", "news_since"]


@dataclass(frozen=True, slots=True)
class Change:
    """One determination that is new, gone, or another.

    Attributes:
        before: As it was; None if nobody asked, or there was no such subject.
        after: As it is; None if nobody asks any more.
        parts: What differs, of ``finding``, ``foreseen``, ``amount``, ``line``, ``law``, ``dates``,
            ``filings``, ``evidence``, ``missing`` and ``assumed``; empty for what is new or gone.
    """

    before: Determination | None
    after: Determination | None
    parts: tuple[str, ...]

    @property
    def about(self) -> Determination:
        """The determination as it is, else as it was."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class News:
    """What changed since an earlier report.

    Attributes:
        earlier: That report.
        changes: In order of urgency; new and gone ones that nobody must look at are left out.
        same: Determinations that are as they were.
        quiet: Determinations, new or gone, that are out of scope.
        new_entries: Entries recorded since.
        other_law: Whether another rule pack was used.
    """

    earlier: CheckDocument
    changes: tuple[Change, ...]
    same: int
    quiet: int
    new_entries: int
    other_law: bool


def news_since(earlier: CheckDocument, now: CheckDocument) -> News:
    """Compare a check with an earlier one of the same ledger.

    Args:
        earlier: What an earlier check wrote.
        now: The check of this report.

    Raises:
        InputError: If the earlier one is of another ledger, or of a later state of this one.
    """
    _check(earlier, now)
    before = {_place(d): d for d in earlier.determinations}
    after = {_place(d): d for d in now.determinations}
    changes: list[Change] = []
    same = quiet = 0
    for place in dict.fromkeys((*before, *after)):
        was, is_ = before.get(place), after.get(place)
        if was is not None and is_ is not None:
            change = Change(was, is_, tuple(_parts(was, is_)))
            if not change.parts:
                same += 1
                continue
        else:
            change = Change(was, is_, ())
            if change.about.in_scope is False:
                quiet += 1
                continue
        changes.append(change)
    changes.sort(key=lambda each: urgency(each.about))
    return News(
        earlier=earlier,
        changes=tuple(changes),
        same=same,
        quiet=quiet,
        new_entries=now.ledger.size - earlier.ledger.size,
        other_law=earlier.coordinates.pack != now.coordinates.pack,
    )


def _check(earlier: CheckDocument, now: CheckDocument) -> None:
    """Refuse an earlier report that is none."""
    was, is_ = earlier.ledger, now.ledger
    if was.origin != is_.origin:
        raise InputError(
            f"the earlier report is of the ledger {was.origin!r}, not of {is_.origin!r}",
            why="two ledgers have no changes between them",
            remedy="give --since a file that `flopledger check -f json` wrote of this ledger",
        )
    if was.size > is_.size:
        raise InputError(
            f"the earlier report counts {was.size:,} entries, this ledger holds {is_.size:,}",
            why="a report about fewer entries cannot come later",
            remedy="give the ledger as it is now; if entries are gone: flopledger verify",
        )


def _place(d: Determination) -> tuple[str, str, str]:
    """Return what a determination is about."""
    return (d.regime, d.rule, d.subject)


def _parts(was: Determination, is_: Determination) -> Iterator[str]:
    """Yield what differs; days left pass by themselves and are no news."""
    one, other = _compared(was), _compared(is_)
    yield from (name for name in one if one[name] != other[name])


def _compared(d: Determination) -> dict[str, object]:
    """Return what of a determination can be news, by its name."""
    return {
        "finding": (d.finding, d.in_scope, d.exception),
        "foreseen": d.foreseen,
        "amount": d.measured,
        "line": (d.comparison, d.threshold),
        "law": (d.law, d.enforcement),
        "dates": tuple((due.obligation, due.on) for due in d.due),
        "filings": d.closed_by,
        "evidence": d.evidence_share,
        "missing": (d.missing, d.contradictions),
        "assumed": d.hypothetical,
    }
