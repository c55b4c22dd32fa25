"""Narrowing leaves of a question what one law knows, so that a question to another law can be put.

An earlier statement chose readings of regimes that the law in use may have no more, and a question
about many regimes is put again about one of them. What is left out is told, never lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.journeys.check_document import CheckDocument, Coordinates
from ledger.journeys.checking import Question
from ledger.journeys.selection import offered
from ledger.regime.edition import Lawbook
from ledger.regime.model import Regime

__all__ = ["Narrowed", "about", "about_everything", "narrowed"]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a law knows of the question behind a claimed check.

    Attributes:
        regimes: Those of the claim that the law has, sorted; none means that nothing can be asked.
        readings: ``REGIME/ID=ALT`` of these.
        assumptions: ``REGIME=STATUS`` of these.
        lost: What it does not know, a sentence each.
    """

    regimes: tuple[str, ...]
    readings: tuple[str, ...]
    assumptions: tuple[str, ...]
    lost: tuple[str, ...]

    def put(self, question: Question) -> Question:
        """Return a question with what is known in the place of what it asks."""
        return replace(
            question,
            regimes=self.regimes,
            readings=self.readings,
            assumptions=self.assumptions,
        )


def narrowed(claim: CheckDocument, law: Lawbook, whose: str) -> Narrowed:
    """Return what a law knows of the question behind a claimed check.

    Args:
        claim: The check.
        law: The law.
        whose: What to call the law, such as ``the verifier's rules``.
    """
    at = claim.coordinates
    named = sorted({d.regime for d in claim.determinations})
    known = tuple(name for name in named if name in law.regimes)
    lost = [
        f"{whose} have no {name}: its determinations are not compared"
        for name in named
        if name not in law.regimes
    ]
    readings = []
    for regime, reading, alternative in _chosen(at):
        held = law.regimes.get(regime)
        if held is not None and alternative in _alternatives(held, reading):
            if regime in known:
                readings.append(f"{regime}/{reading}={alternative}")
        else:
            lost.append(f"{whose} do not know {regime}/{reading}={alternative}")
    assumptions = tuple(f"{r}={status}" for r, status in at.assumptions.items() if r in known)
    return Narrowed(known, tuple(readings), assumptions, tuple(lost))


def about(question: Question, regimes: Iterable[Regime]) -> Question:
    """Return a question about these regimes alone, with the readings that they ask for."""
    asked = tuple(regimes)
    readings = tuple(text for text in question.readings if any(_reads(r, text) for r in asked))
    return replace(question, regimes=tuple(r.id for r in asked), readings=readings)


def about_everything(question: Question, law: Lawbook) -> Question:
    """Return a question about all that is asked when nobody names a regime, rule or subject."""
    every = question.optional
    regimes = law.regimes if every else offered(law.regimes, question.assumptions)
    return replace(about(question, regimes.values()), rules=(), subjects=())


def _chosen(at: Coordinates) -> Iterable[tuple[str, str, str]]:
    """Yield regime, reading and alternative of each choice."""
    for regime, chosen in at.readings.items():
        for reading, alternative in chosen.items():
            yield regime, reading, alternative


def _alternatives(regime: Regime, reading: str) -> Iterable[str]:
    """Return the alternatives of a reading; none if the regime has no such reading."""
    found = regime.readings.get(reading)
    return () if found is None else found.alternatives


def _reads(regime: Regime, text: str) -> bool:
    """Return whether ``ID=ALT`` or ``REGIME/ID=ALT`` chooses a reading of a regime."""
    name = text.partition("=")[0]
    regime_id, _, reading = name.rpartition("/")
    return reading in regime.readings and regime_id in {"", regime.id}
