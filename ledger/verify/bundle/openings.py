"""Openings show single confidential values of a bundle; redactions say how many it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ledger.audience import ground_of, shows
from ledger.bundle import Manifest, Opened
from ledger.bundle.names import DISCLOSURES, REDACTIONS
from ledger.entry import Entry, digest_of_opening
from ledger.errors import InputError, IntegrityError
from ledger.verify.bundle.course import Course
from ledger.verify.entries import read_opening
from ledger.verify.leaf import Leaf

__all__ = ["Disclosed", "check_redactions"]


class Disclosed:
    """Takes the entries of a bundle side by side with its disclosures.

    Attributes:
        count: Values shown so far.
        shown: The same by type and name.
        digests: Digests in the leaves so far.
    """

    def __init__(self, opened: Opened) -> None:
        """Begin with the first disclosure."""
        self.count = 0
        self.digests = 0
        self.shown: Counter[tuple[str, str]] = Counter()
        self._rows: Iterator[tuple[int, bytes]] = opened.disclosures()
        self._started = False
        self._next: tuple[int, bytes] | None = None

    def take(self, entry: Entry | Leaf) -> None:
        """Compare what is shown of an entry with its digests.

        Raises:
            IntegrityError: Naming the entry and the disclosure.
        """
        self.digests += len(entry.sd)
        if not self._started:
            self._started, self._next = True, next(self._rows, None)
        names: set[str] = set()
        while self._next is not None and self._next[0] <= entry.seq:
            seq, stored = self._next
            if seq < entry.seq:
                raise _refusal(seq, "it is for an entry that the bundle does not hold")
            self._check(entry, stored, names)
            self._next = next(self._rows, None)

    def close(self, course: Course) -> None:
        """Close step 18.

        Raises:
            IntegrityError: If a disclosure belongs to no entry.
        """
        course.step = 18
        if not self._started:
            self._next = next(self._rows, None)
        if self._next is not None:
            raise _refusal(self._next[0], "it is for an entry that the bundle does not hold")
        course.close(
            18,
            self.count,
            "values",
            f"{self.digests} digests stand in the leaves",
            outcome="held" if self.count else "not_asked",
        )

    def _check(self, entry: Entry | Leaf, stored: bytes, names: set[str]) -> None:
        """Compare one disclosure with the digests of its entry."""
        if digest_of_opening(stored) not in entry.sd:
            raise _refusal(entry.seq, "no digest of the entry is that of the disclosure")
        try:
            name, _ = read_opening(stored)
            ground_of(name)
        except InputError as error:
            raise _refusal(entry.seq, error.message) from error
        if name in names or entry.holds(name):
            raise _refusal(entry.seq, f"the entry shows {name} twice")
        names.add(name)
        self.shown[entry.type, name] += 1
        self.count += 1


def check_redactions(
    opened: Opened, manifest: Manifest, disclosed: Disclosed, course: Course
) -> None:
    """Step 19: the log of redactions adds up with the leaves and fits the audience.

    Raises:
        IntegrityError: If it does not.
    """
    course.step = 19
    log = opened.redactions()
    if log.audience != manifest.audience:
        raise _bad_log(f"it is for the {log.audience}, the manifest for the {manifest.audience}")
    stated = {(field.type, field.name): field.shown for field in log.fields if field.shown}
    for place in sorted(stated.keys() | disclosed.shown.keys()):
        said, found = stated.get(place, 0), disclosed.shown[place]
        if said != found:
            kind, name = place
            raise _bad_log(f"it says {said} of {kind} {name} are shown, {found} are")
    for field in log.fields:
        if field.shown and not shows(log.audience, field.name):
            raise _bad_log(f"{field.name} is shown, which the {log.audience} does not see")
        if field.withheld and shows(log.audience, field.name):
            raise _bad_log(f"{field.name} is withheld, which the {log.audience} sees")
    counted = log.shown + log.withheld + log.erased
    if counted != disclosed.digests:
        raise _bad_log(
            f"it accounts for {counted} confidential values, the leaves hold "
            f"{disclosed.digests} digests"
        )
    note = f"for the {log.audience}: {log.shown} shown, {log.withheld} withheld"
    if not log.erased:
        course.close(19, counted, "values", note)
        return
    doubt = (
        f"{log.erased} are said to be erased in the ledger itself: nobody else can tell an erased "
        "value from a withheld one"
    )
    course.close(19, counted, "values", note, doubt, outcome="withheld")


def _refusal(seq: int, message: str) -> IntegrityError:
    """Return the error for one disclosure."""
    return IntegrityError(
        message,
        seq=seq,
        where=f"member {DISCLOSURES!r}, entry {seq}",
        why="a value may be withheld, and never changed",
    )


def _bad_log(message: str) -> IntegrityError:
    """Return the error for the log of redactions."""
    return IntegrityError(
        message,
        where=f"member {REDACTIONS!r}",
        why="what is withheld must be seen to be withheld",
    )
