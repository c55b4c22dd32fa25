"""A gate holds a rule file up against its mutants: each must be told from it by some case.

Cases written in the file are tried first, then the checks that every file passes through, such as
the comparator against the words quoted. Then come probes, made from the file itself: the cases
around every line, the same ones on the day before and on each day that the file names, with what
was known the day before and on each day of publication, with each activity and kind of operation,
and under each reading. A probe shows that something in the file bears on an outcome at all; only
a written case shows that somebody wanted that outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final, TypeAlias

from ledger.determination import Determination, World
from ledger.errors import LedgerError
from ledger.journeys.casework import Bench, mismatches
from ledger.regime.case import Case
from ledger.regime.equivalence import equivalence
from ledger.regime.lint import lint_regime
from ledger.regime.model import Regime
from ledger.regime.mutation import Mutant, MutantKind, mutants
from ledger.regime.probe import Probe, ProbeKind, probes
from ledger.regime.soundness import check_regime

__all__ = ["Gate", "Verdict"]

_FILE: Final = "mutant"
_Outcome: TypeAlias = tuple[tuple[Any, ...], ...]
# What is compared: the outcome, and not the words or the readings that it was reached by.
_FIELDS: Final = (
    *("rule", "subject", "law", "enforcement", "in_scope", "finding", "exception", "foreseen"),
    *("met_on", "margin", "missing", "due", "provenance"),
)
# Which probes are likely to tell a mutant of a kind, and so come first.
_FIRST: Final[Mapping[MutantKind, ProbeKind]] = {
    "comparator": "line",
    "threshold": "line",
    "day": "day",
    "counting": "work",
    "reading": "work",
    "structure": "line",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant.

    Attributes:
        mutant: The mutant.
        by: ``case``, ``check`` or ``probe``, whichever told it apart; None for a survivor.
        told_by: Name of the case, or what a check of the file says.
        same: Why no case can tell it from the file; empty if one should.
    """

    mutant: Mutant
    by: str | None
    told_by: str = ""
    same: str = ""

    @property
    def survives(self) -> bool:
        """Whether a case is missing."""
        return self.by is None and not self.same


class _Held:
    """A probe with its records, and what it leads to under the rule file itself, once asked."""

    def __init__(self, probe: Probe, ask: Callable[[Case, World], _Outcome], world: World) -> None:
        """Hold a probe; ``ask`` gives what a case leads to under the rule file."""
        self.kind: ProbeKind = probe.kind
        self.case = probe.case
        self.world = world
        self._ask = ask

    @cached_property
    def outcome(self) -> _Outcome:
        """What the probe leads to under the rule file."""
        return self._ask(self.case, self.world)


class Gate:
    """Tries the mutants of one regime."""

    def __init__(self, bench: Bench, regime: Regime) -> None:
        """Prepare the cases and probes of a regime.

        Args:
            bench: Where cases are run.
            regime: The regime.
        """
        self._bench = bench
        self._regime = regime
        self._written = [(case, bench.world(case)) for case in regime.cases]
        self._probes: list[_Held] | None = None
        self._known_flaws: set[tuple[str, str]] | None = None

    def verdicts(self, chosen: Iterable[Mutant] | None = None) -> Iterator[Verdict]:
        """Yield what became of each mutant.

        Args:
            chosen: Mutants to try; None tries all of the regime.
        """
        for mutant in mutants(self._regime) if chosen is None else chosen:
            yield self._verdict(mutant)

    def _verdict(self, mutant: Mutant) -> Verdict:
        """Try the written cases, then the probes."""
        for place, (case, world) in enumerate(self._written):
            if self._tells(mutant.regime, case, world):
                # Mutants of one place come together, and what told one mostly tells the next.
                self._written.insert(0, self._written.pop(place))
                return Verdict(mutant, "case", case.name)
        complaint = self._complaint(mutant.regime)
        if complaint:
            return Verdict(mutant, "check", complaint)
        same = equivalence(self._regime, mutant)
        if same:
            return Verdict(mutant, None, same=same)
        first = _FIRST[mutant.kind]
        for held in sorted(self._held_probes(), key=lambda held: held.kind != first):
            if _outcome(self._bench, mutant.regime, held.case, held.world) != held.outcome:
                return Verdict(mutant, "probe", held.case.name)
        return Verdict(mutant, None)

    def _complaint(self, regime: Regime) -> str:
        """Return what is wrong with a mutant and not with the file; empty if nothing is."""
        checked = (check_regime(_FILE, regime, self._bench.vocabulary), lint_regime(_FILE, regime))
        flaws = {(flaw.code, flaw.message) for found in checked for flaw in found}
        if self._known_flaws is None:
            own = self._regime
            known = (check_regime(_FILE, own, self._bench.vocabulary), lint_regime(_FILE, own))
            self._known_flaws = {(flaw.code, flaw.message) for found in known for flaw in found}
        return next(iter(sorted(message for _, message in flaws - self._known_flaws)), "")

    def _tells(self, regime: Regime, case: Case, world: World) -> bool:
        """Return whether a written case does not come out as it expects."""
        try:
            found = self._bench.determined(regime, case, world, frozenset(case.expect))
        except LedgerError:
            return True
        return any(True for _ in mismatches(regime, case, found))

    def _held_probes(self) -> Sequence[_Held]:
        """Return the probes of the rule file with their records."""
        if self._probes is None:
            generated = [result.case for result in self._bench.run_generated(self._regime)[0]]
            worlds: dict[int, World] = {}
            # All at once: records that are gone would leave their identity to others.
            found = list(probes(self._regime, self._bench.vocabulary, generated))
            self._probes = [self._hold(probe, worlds) for probe in found]
        return self._probes

    def _hold(self, probe: Probe, worlds: dict[int, World]) -> _Held:
        """Hold a probe; those that ask the same records share them."""
        world = worlds.get(id(probe.records))
        if world is None:
            world = worlds[id(probe.records)] = self._bench.world(probe.case)
        return _Held(probe, partial(_outcome, self._bench, self._regime), world)


def _outcome(bench: Bench, regime: Regime, case: Case, world: World) -> _Outcome:
    """Return what a case leads to, or that it cannot be asked."""
    try:
        found = bench.determined(regime, case, world, frozenset(case.expect))
    except LedgerError as error:
        return (("refused", error.message),)
    return tuple(_fields(each) for each in found)


def _fields(found: Determination) -> tuple[Any, ...]:
    """Return the outcome of a determination."""
    return tuple(getattr(found, name) for name in _FIELDS)
