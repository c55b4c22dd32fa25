"""A gate holds a rule file up against its mutants: each must be told from it by some case.

Cases written in the file are tried first, then the checks that every file passes through, such as
the comparator against the words quoted. Then come probes, made from the file itself: the cases
around every line, the same ones on the day before and on each day that the file names, with what
was known the day before and on each day of publication, with each activity and kind of operation,
and under each reading. A probe shows that something in the file bears on an outcome at all; only
a written case shows that somebody wanted that outcome.

A case or probe is asked only for those of its rules whose outcome the changed place can change.
Cases asked on the very day that was moved come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from ledger.determination import Determination, World
from ledger.errors import LedgerError
from ledger.journeys.casework import Bench, mismatches
from ledger.regime.bearing import bearing
from ledger.regime.case import Case
from ledger.regime.cased import CasedRegime, check_cases
from ledger.regime.equivalence import equivalence
from ledger.regime.lint import lint_regime
from ledger.regime.mutation import Mutant, MutantKind, mutants, value_at
from ledger.regime.probe import Probe, ProbeKind, probes
from ledger.regime.soundness import check_regime

__all__ = ["Gate", "Verdict", "outcome_of"]

_FILE: Final = "mutant"
_Outcome: TypeAlias = tuple[tuple[Any, ...], ...]
_Rules: TypeAlias = frozenset[str]
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


@dataclass(frozen=True, slots=True)
class _Trial:
    """A mutant with what is known of it before any case is asked.

    Attributes:
        mutant: The mutant.
        borne: Rules whose outcome it can change.
        days: The days before and after, where a day was moved; else empty.
    """

    mutant: Mutant
    borne: _Rules
    days: frozenset[date]

    @classmethod
    def of(cls, regime: CasedRegime, mutant: Mutant) -> _Trial:
        """Prepare a mutant of a regime."""
        moved: frozenset[date] = frozenset()
        if mutant.kind == "day":
            moved = frozenset({value_at(regime, mutant.path), value_at(mutant.regime, mutant.path)})
        return cls(mutant, bearing(regime, mutant.path), moved)

    def asks(self, case: Case) -> bool:
        """Whether a case asks a rule whose outcome may have changed."""
        return not self.borne.isdisjoint(case.expect)

    def near(self, case: Case) -> bool:
        """Whether a case is asked on the day that was moved, or with what was known by it."""
        law = case.law
        return not self.days or not self.days.isdisjoint({law.in_force_on, law.law_known_on})


class _Held:
    """A probe with its records, and what it leads to under the rule file itself, once asked."""

    def __init__(self, probe: Probe, world: World) -> None:
        """Hold a probe."""
        self.kind: ProbeKind = probe.kind
        self.case = probe.case
        self.world = world
        self._outcomes: dict[_Rules, _Outcome] = {}

    def outcome(self, bench: Bench, regime: CasedRegime, rules: _Rules) -> _Outcome:
        """Return what the probe leads to under the rule file, by some of its rules."""
        held = self._outcomes.get(rules)
        if held is None:
            held = self._outcomes[rules] = outcome_of(bench, regime, self.case, self.world, rules)
        return held


class Gate:
    """Tries the mutants of one regime."""

    def __init__(self, bench: Bench, regime: CasedRegime) -> None:
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
        """Try the written cases and the checks, then the probes."""
        trial = _Trial.of(self._regime, mutant)
        name = self._case(trial, near=True)
        if name is not None:
            return Verdict(mutant, "case", name)
        complaint = self._complaint(mutant.regime)
        if complaint:
            return Verdict(mutant, "check", complaint)
        same = equivalence(self._regime, mutant)
        if same:
            return Verdict(mutant, None, same=same)
        name = self._case(trial, near=False)
        if name is not None:
            return Verdict(mutant, "case", name)
        name = self._probe(trial)
        return Verdict(mutant, None if name is None else "probe", name or "")

    def _case(self, trial: _Trial, *, near: bool) -> str | None:
        """Return the name of a written case that tells a mutant, of those near to it or others."""
        for place, (case, world) in enumerate(self._written):
            wanted = trial.asks(case) and trial.near(case) is near
            if wanted and self._tells(trial, case, world):
                # Mutants of one place come together, and what told one mostly tells the next.
                self._written.insert(0, self._written.pop(place))
                return case.name
        return None

    def _probe(self, trial: _Trial) -> str | None:
        """Return the name of a probe that tells a mutant."""
        first, bench = _FIRST[trial.mutant.kind], self._bench
        asked = [held for held in self._held_probes() if trial.asks(held.case)]
        for held in sorted(asked, key=lambda h: (h.kind != first, not trial.near(h.case))):
            rules = trial.borne.intersection(held.case.expect)
            found = outcome_of(bench, trial.mutant.regime, held.case, held.world, rules)
            if found != held.outcome(bench, self._regime, rules):
                return held.case.name
        return None

    def _complaint(self, regime: CasedRegime) -> str:
        """Return what is wrong with a mutant and not with the file; empty if nothing is."""
        if self._known_flaws is None:
            self._known_flaws = self._flaws(self._regime)
        new = self._flaws(regime) - self._known_flaws
        return next(iter(sorted(message for _, message in new)), "")

    def _flaws(self, regime: CasedRegime) -> set[tuple[str, str]]:
        """Return code and message of everything that is wrong with a rule file."""
        words = self._bench.vocabulary
        checks = (check_regime(_FILE, regime, words), check_cases(_FILE, regime, words))
        return {
            (flaw.code, flaw.message)
            for found in (*checks, lint_regime(_FILE, regime))
            for flaw in found
        }

    def _tells(self, trial: _Trial, case: Case, world: World) -> bool:
        """Return whether a written case does not come out as it expects."""
        regime = trial.mutant.regime
        expect = {rule: held for rule, held in case.expect.items() if rule in trial.borne}
        try:
            found = self._bench.determined(regime, case, world, frozenset(expect))
        except LedgerError:
            return True
        asked = case.model_copy(update={"expect": expect})
        return any(True for _ in mismatches(regime, asked, found, world))

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
        return _Held(probe, world)


def outcome_of(
    bench: Bench, regime: CasedRegime, case: Case, world: World, rules: _Rules
) -> _Outcome:
    """Return what a case leads to by some of its rules, or that it cannot be asked."""
    try:
        found = bench.determined(regime, case, world, rules)
    except LedgerError as error:
        return (("refused", error.message),)
    return tuple(_fields(each) for each in found)


def _fields(found: Determination) -> tuple[Any, ...]:
    """Return the outcome of a determination."""
    return tuple(getattr(found, name) for name in _FIELDS)
