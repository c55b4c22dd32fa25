"""A recomputation asks the law about the leaves of a bundle; verifying is handed one from outside.

So the path that checks bytes and signatures needs no rules, and what asks the law can be another
program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from ledger.attestation import Attestation
from ledger.canonical import JSON

__all__ = ["Cause", "Comparison", "Contrast", "Recomputation"]

Cause: TypeAlias = Literal["altered", "other_law", "withheld", "other_reading", "other_subject"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """One thing that comes out otherwise than it was stated.

    Attributes:
        place: ``regime/rule subject``, or the part of the statement.
        field: What of it; empty for all of it.
        stated: What the statement says.
        found: What comes out.
        cause: Why: ``altered`` for what the same rules should give, ``other_law`` for rules that
            say otherwise, ``withheld`` for a fact that the leaves do not hold, ``other_reading``
            for an open question that is answered otherwise, ``other_subject`` for what only one
            side asks.
        why: The same in words, naming rule, parameter or fact.
    """

    place: str
    field: str
    stated: JSON
    found: JSON
    cause: Cause
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out of comparing one statement with the leaves.

    Attributes:
        count: How many figures or determinations were compared.
        contrasts: Where they differ.
        lacking: Why nothing could be compared; empty if it was.
        notes: What is worth knowing, a sentence each.
        findings: What must be looked at, a sentence each.
    """

    count: int
    contrasts: tuple[Contrast, ...] = ()
    lacking: str = ""
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


class Recomputation(Protocol):
    """Works out again what an attestation says of the leaves of a bundle."""

    def totals(self, attestation: Attestation) -> Comparison:
        """Compare population and totals, under the rules that the bundle brings."""
        ...

    def claims(self, attestation: Attestation) -> Comparison:
        """Compare the claimed determinations, under the rules that the bundle brings."""
        ...

    def own_law(self, attestation: Attestation) -> Comparison:
        """Compare them with what comes out under the verifier's own rules."""
        ...

    def beyond(self, attestation: Attestation) -> Comparison:
        """Look at what came after the newest claim, or after the days that it asks about."""
        ...
