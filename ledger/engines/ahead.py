"""What is gathered ahead: sums over the leaves of a bundle, while the walk first reads them.

The newest attestation says how many entries it is about and up to which day; both are only a hint
at what will be asked, and so is what the reversals further on seem to reverse. What was gathered is
used where the question, and the reversals that the walk then checked, turn out to be the same. In
any other case the leaves are gone over again. Nothing is signed yet when the hint is looked for, so
what it costs is bounded: large statements and many groups are left to the second time.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import date
from typing import Final, Self

from ledger.bundle import Opened
from ledger.engines.passage import Passage, Passed, catch
from ledger.errors import LedgerError
from ledger.merkle import CompactRange
from ledger.verify.leaf import Leaf

__all__ = ["GROUPS_MAX", "STATEMENTS_MAX", "Ahead"]

STATEMENTS_MAX: Final = 8_388_608
"""Bytes of all attestations together that are looked at for a hint."""
GROUPS_MAX: Final = 50_000
"""Groups that are held before anything of the bundle is known to be signed."""
_PAYLOAD: Final = re.compile(rb'\{"payload":"([A-Za-z0-9+/]*={0,2})"')
_AS_OF: Final = re.compile(rb'"coordinates":\{"as_of":"(\d{4}-\d\d-\d\d)"')
_LEDGER_BEGINS: Final = b'"ledger":{'
_LEDGER: Final = re.compile(
    rb'"ledger":\{"origin":"[^"\\]*","root":"[0-9a-f]{64}","size":([1-9]\d{0,11})\}'
)


class Ahead:
    """Gathers what one question asks, while the leaves go by.

    Attributes:
        size: How many entries it takes; 0 if there is no hint.
    """

    def __init__(self) -> None:
        """Begin without a hint."""
        self.size = 0
        self._reversing: Mapping[int, int] = {}
        self._passage: Passage | None = None
        self._passed: Passed | None = None

    def begin(self, opened: Opened, reversing: Mapping[int, int]) -> Self:
        """Look for a hint.

        Args:
            opened: The bundle.
            reversing: Which entry seems to reverse which, not believed.
        """
        size, as_of = _newest(opened)
        self.size, self._passage, self._passed = size, None, None
        self._reversing = {t: by for t, by in reversing.items() if by < size}
        if size:
            self._passage = Passage(size, as_of, self._reversing, {})
        return self

    def take(self, leaf: Leaf) -> None:
        """Add a leaf that the walk has just checked; entries beyond the hint pass."""
        if self._passage is None or leaf.seq >= self.size:
            return
        try:
            self._passage.take(leaf.seq, leaf.data, catch(leaf))
        except LedgerError:
            # Whatever it is, the step that asks for it will find and name it.
            self._passage = None
            return
        if self._passage.groups > GROUPS_MAX:
            self._passage = None

    def close(self, covered: CompactRange) -> None:
        """End at the size of the hint.

        Args:
            covered: The Merkle range over all entries taken.
        """
        if self._passage is not None:
            self._passed = self._passage.close(covered)

    def confirmed(self, size: int, as_of: date, reversed_by: Mapping[int, int]) -> Passed | None:
        """Return what was gathered if it answers this question, or None.

        Args:
            size: Entries asked about.
            as_of: Day asked about.
            reversed_by: Which entry reverses which, checked.
        """
        if self._passed is None or self._passage is None:
            return None
        if (self._passage.size, self._passage.as_of) != (size, as_of):
            return None
        held = {target: by for target, by in reversed_by.items() if by < size}
        return self._passed if held == self._reversing else None


def _newest(opened: Opened) -> tuple[int, date]:
    """Return the size and day of the attestation over most entries; 0 if none can be read."""
    names = opened.names.attestations.values()
    if sum(map(opened.members.size, names)) > STATEMENTS_MAX:
        return 0, date.min
    return max(filter(None, map(_hint, map(opened.read, names))), default=(0, date.min))


def _hint(data: bytes) -> tuple[int, date] | None:
    """Return what an envelope seems to say, or None; nothing of it is parsed: who signed it?"""
    envelope = _PAYLOAD.match(data)
    if envelope is None:
        return None
    try:
        said = base64.b64decode(envelope[1])
        asked, log = _AS_OF.search(said), _LEDGER.match(said, max(said.rfind(_LEDGER_BEGINS), 0))
        if asked is None or log is None:
            return None
        return int(log[1]), date.fromisoformat(asked[1].decode())
    except ValueError:
        return None
