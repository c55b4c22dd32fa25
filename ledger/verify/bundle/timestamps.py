"""Timestamps of a bundle: tokens of authorities over its checkpoints, checked under the policy.

Roots come from the policy alone. Where it names none, or the library that reads tokens is not
installed, a token is carried and said not to be checked: it then bounds nothing.
"""

from __future__ import annotations

from datetime import datetime

from ledger.anchoring import Seen
from ledger.bundle import Opened
from ledger.errors import InputError, IntegrityError, MissingError
from ledger.policy import Policy
from ledger.timestamp import read_timestamp, verify_timestamp
from ledger.verify.bundle.notes import Notes

__all__ = ["Stamps"]


class Stamps:
    """The tokens of a bundle.

    Attributes:
        seen: What checked tokens show.
        refused: Why others do not count, a sentence each.
        unchecked: Why none was checked; empty if all were.
        lacking: Whether the policy asks for a check that this machine cannot make.
    """

    def __init__(self, opened: Opened, notes: Notes, policy: Policy) -> None:
        """Check every token.

        Raises:
            IntegrityError: If a token is over something else than the checkpoint of its size.
        """
        self.seen: list[Seen] = []
        self.refused: list[str] = []
        self.unchecked = ""
        self.lacking = False
        named = opened.names.timestamps
        for size in sorted(named.keys() - notes.assents.keys()):
            raise IntegrityError(
                f"the bundle holds no signed checkpoint over {size} entries, which is stamped",
                where=f"member {named[size]!r}",
            )
        if named and policy.timestamp_roots is None:
            self.unchecked = _told(len(named), "the policy names no roots of authorities")
            return
        try:
            for size, name in named.items():
                self._take(size, name, opened.read(name), notes, policy)
        except MissingError as error:
            self.seen.clear()
            self.refused.clear()
            self.lacking = True
            self.unchecked = _told(
                len(named), f"the library that reads them is not installed: {error.remedy}"
            )

    def by_size(self) -> dict[int, datetime]:
        """Return by when each stamped checkpoint existed."""
        return {each.size: each.by for each in self.seen}

    def _take(self, size: int, name: str, data: bytes, notes: Notes, policy: Policy) -> None:
        """Check one token."""
        text = notes.assents[size].checkpoint.text()
        try:
            read_timestamp(data, text)
        except (InputError, IntegrityError) as error:
            if isinstance(error, MissingError):
                raise
            raise IntegrityError(
                error.message,
                where=f"member {name!r}",
                why=error.why,
                remedy="keep the file as evidence, and ask for the token again",
            ) from error
        try:
            stamp = verify_timestamp(data, text, policy.timestamp_roots or ())
        except IntegrityError as error:
            self.refused.append(
                f"the time stamp over {size} entries does not lead to a root of the policy, and "
                f"counts for nothing: {error.message}"
            )
            return
        self.seen.append(Seen(size, stamp.at, stamp.at, stamp.sha256))


def _told(count: int, why: str) -> str:
    """Return that tokens were not checked, in words."""
    stamps = "1 time stamp is" if count == 1 else f"{count} time stamps are"
    return f"{stamps} in the bundle, not checked and not counted: {why}"
