"""A conclusion puts a verdict together with law, dates, amounts and duties: a determination."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from ledger.book import name_runs
from ledger.determination.amounts import amounts_of
from ledger.determination.ground import Ground, reached
from ledger.determination.model import (
    Closed,
    Contradiction,
    Determination,
    Due,
    Evidence,
    Foreseen,
    MetOn,
)
from ledger.determination.since import Since
from ledger.determination.verdict import Verdict
from ledger.determination.world import World
from ledger.obligations import DueDate, Filed, Filings, Workdays, due_date
from ledger.regime.answered import BASE_OBTAINABLE
from ledger.regime.dated import NOWHERE, Standing
from ledger.regime.decide import Decider
from ledger.regime.interpret import Interpreter
from ledger.regime.question import Question
from ledger.regime.rule import Obligation
from ledger.regime.trace import Reason

__all__ = ["IN_GUIDANCE", "MODEL_GAP", "Conclusion", "unbound", "unpublished"]

MODEL_GAP: Final = "operations@model:"
IN_GUIDANCE: Final = "stands in guidance, not in law"


def unbound(
    ground: Ground, standing: Standing, subject: str, *, hypothetical: bool
) -> Determination:
    """Return the determination under a rule that binds nobody on the day."""
    return Determination(**_fields(ground, standing, subject, hypothetical=hypothetical))


def unpublished(ground: Ground, subject: str, *, hypothetical: bool) -> Determination:
    """Return the determination under a rule that nobody had published: there is no such law."""
    fields = _fields(ground, NOWHERE, subject, hypothetical=hypothetical)
    day = ground.law.law_known_on
    return Determination(**fields | {"notes": (f"nothing of this rule was published by {day}",)})


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One rule that binds, one subject, and the verdicts on them.

    Attributes:
        ground: What the rule rests on.
        standing: Where the regime stands.
        hypothetical: Whether the regime is assumed to be in force.
        subject: With its prefix.
        verdict: The verdict on what happened.
        ahead: The verdict with commitments; the same one where there are none.
        world: The records.
        filings: What was filed.
        interpreter: Interprets the law for the subject.
        workdays: Counts business days; without it what they lead to is not known.
        deciders: What decides rules of the law on earlier days, as ``Since`` keeps them.
    """

    ground: Ground
    standing: Standing
    hypothetical: bool
    subject: str
    verdict: Verdict
    ahead: Verdict
    world: World
    filings: Filings
    interpreter: Interpreter
    workdays: Workdays | None = None
    deciders: dict[int, Decider] = field(default_factory=dict)
    _bound: dict[str, Reason] = field(default_factory=dict)

    def determination(self) -> Determination:
        """Put everything together."""
        verdict = self.verdict
        met_on, foreseen = self._dates()
        dates = tuple(self._due_dates(met_on, foreseen))
        filed = self._filed(met_on, foreseen)
        missing = self._missing()
        contradictions = tuple(self._contradictions(missing))
        question = Question(self.interpreter, self.ground.rule, self.subject, "actual", "legal")
        amounts = amounts_of(self.ground, verdict, question, self.world.present)
        fields = _fields(
            self.ground, self.standing, self.subject, hypothetical=self.hypothetical
        ) | {
            "in_scope": "undetermined" if verdict.in_scope is None else verdict.in_scope,
            "finding": verdict.finding,
            "exception": verdict.exception,
            "foreseen": foreseen,
            "met_on": met_on,
            "rebutted": self._rebutted(),
            "measured": amounts.measured,
            "comparison": amounts.comparison,
            "threshold": amounts.threshold,
            "unit": amounts.unit,
            "margin": amounts.margin,
            "missing": missing,
            "robust": None if verdict.finding is None else verdict.robust,
            "due": self._due(dates, filed),
            "closed_by": self._closed(dates, filed),
            "unfiled": self._unfiled(filed),
            "contradictions": contradictions,
            "evidence_share": amounts.evidence,
            "entries_counted": amounts.rows,
            "notes": (
                *(self._told(each) for each in contradictions),
                *self._of_filings(filed),
                *self._notes(met_on, foreseen, dates),
            ),
        }
        return Determination(**fields)

    def _dates(self) -> tuple[MetOn | None, Foreseen | None]:
        """Return since when the rule is met, and what is foreseen."""
        now, ahead = self.verdict.finding, self.ahead.finding
        met_on, on = None, None
        if "met" in {now, ahead}:
            models = self.world.closure(self.subject)
            ground, deciders = self.ground, self.deciders
            since = Since(self.world, ground.law, ground.rule, self.subject, models, deciders)
            met_on = since.met_on() if now == "met" else None
            on = since.foreseen_on(met_on) if ahead == "met" else None
        if not self.ground.rule.foresees or ahead is None:
            return met_on, None
        return met_on, Foreseen(finding=ahead, on=on)

    def _due_dates(self, met_on: MetOn | None, foreseen: Foreseen | None) -> Iterator[DueDate]:
        """Yield when the dated obligations fall due, once the rule is met or foreseen."""
        ahead = foreseen is not None and foreseen.finding == "met"
        if met_on is None and not ahead:
            return
        moments = {
            "met": None if met_on is None else met_on.latest,
            "foreseen": None if foreseen is None else foreseen.on,
        }
        for obligation in self.ground.rule.obligations:
            if self._binds(obligation).truth is False:
                continue
            for name in _facts_of(obligation):
                moments.setdefault(name, self._day_of(name))
            law, since = self.ground.law, self.ground.since
            found = due_date(law, obligation, moments, not_before=since, workdays=self.workdays)
            if found is not None:
                yield found

    def _binds(self, obligation: Obligation) -> Reason:
        """Say whether a duty binds the subject, once the rule is met."""
        if obligation.when is None:
            return Reason("duty", obligation.id, truth=True)
        held = self._bound.get(obligation.id)
        if held is None:
            rule, decider = self.ground.rule, Decider(self.ground.law, self.interpreter.answers)
            decider = self.deciders.setdefault(id(self.world.present), decider)
            truth = decider.truth(rule, obligation.when, self.subject, "actual", "legal")
            held = Reason("duty", obligation.id, truth)
            if truth is None:
                # Only then anybody asks what is missing.
                question = Question(self.interpreter, rule, self.subject, "actual", "legal")
                held = question.condition(obligation.when)
            self._bound[obligation.id] = held
        return held

    def _day_of(self, name: str) -> date | None:
        """Return the day that a fact of the subject states, or None."""
        value = self.world.present.fact(self.subject, name).value
        return value if isinstance(value, date) else None

    def _due(self, dates: tuple[DueDate, ...], filings: tuple[Filed, ...]) -> tuple[Due, ...]:
        """Return the dated obligations that no filing closed."""
        filed = {filing.obligation for filing in filings}
        return tuple(
            Due(
                obligation=item.obligation,
                on=item.on,
                days_left=None if item.on is None else (item.on - self.world.as_of).days,
            )
            for item in dates
            if item.obligation not in filed
        )

    def _closed(
        self, dates: tuple[DueDate, ...], filings: tuple[Filed, ...]
    ) -> tuple[Closed, ...] | None:
        """Return the obligations closed, or None when nothing was filed."""
        due = {item.obligation: item.on for item in dates}
        found = tuple(
            Closed(
                obligation=filing.obligation,
                seq=filing.seq,
                sent_on=filing.sent_on,
                due_on=due.get(filing.obligation),
            )
            for filing in filings
        )
        return found or None

    def _filed(self, met_on: MetOn | None, foreseen: Foreseen | None) -> tuple[Filed, ...]:
        """Return the filings that close an obligation of the rule.

        One sent before the line can have been met, or was foreseen, is about something else.
        """
        known = {obligation.id for obligation in self.ground.rule.obligations}
        first = _first_day(met_on, foreseen)
        return tuple(
            filing
            for filing in self._of_rule()
            if filing.obligation in known and (first is None or filing.sent_on >= first)
        )

    def _of_rule(self) -> tuple[Filed, ...]:
        """Return whatever was filed for the subject under the rule."""
        return self.filings.of(self.ground.law.regime.id, self.ground.rule.id, self.subject)

    def _unfiled(self, filings: tuple[Filed, ...]) -> tuple[str, ...]:
        """Return the obligations that no filing closed, of a rule that dates none."""
        obligations = self.ground.rule.obligations
        if any(obligation.due is not None for obligation in obligations):
            return ()
        filed = {filing.obligation for filing in filings}
        bound = [each for each in obligations if self._binds(each).truth is not False]
        return tuple(each.id for each in bound if each.id not in filed)

    def _of_filings(self, filings: tuple[Filed, ...]) -> Iterator[str]:
        """Yield which filings of the rule's obligations close nothing."""
        known = {obligation.id for obligation in self.ground.rule.obligations}
        for filing in self._of_rule():
            if filing.obligation in known and filing not in filings:
                yield (
                    f"filing {filing.obligation} (entry {filing.seq}) closes nothing: it was sent "
                    f"on {filing.sent_on}, before the line was met or foreseen"
                )

    def _contradictions(self, missing: tuple[str, ...]) -> Iterator[Contradiction]:
        """Yield the facts that matter here and that entries, or entries and figures, contradict."""
        rule = self.ground.rule
        asked = set(missing)
        if rule.rebuttal is not None:
            asked.add(rule.rebuttal.fact)
        for obligation in rule.obligations:
            asked |= set(_facts_of(obligation))
        for text in sorted(asked):
            name, _, elsewhere = text.partition("@")
            state = self.world.present.fact(elsewhere or self.subject, name)
            differ = state.value is None and len(state.entries) > 1
            if differ or (name == BASE_OBTAINABLE and state.value is False):
                yield Contradiction(name=text, entries=tuple(state.entries))

    def _told(self, item: Contradiction) -> str:
        """Return a contradiction and its remedy in words."""
        name, _, elsewhere = item.name.partition("@")
        agreed = self.world.present.fact(elsewhere or self.subject, name).value is not None
        entries = [str(seq) for seq in item.entries]
        several = f"{', '.join(entries[:-1])} and {entries[-1]}"
        if not agreed:
            return f"entries {several} contradict each other about {item.name}: reverse one of them"
        says = f"entry {entries[0]} says" if len(entries) == 1 else f"entries {several} say"
        return (
            f"{says} that {item.name} is no, and the ledger holds a figure of what lies behind: "
            "reverse what is wrong"
        )

    def _rebutted(self) -> bool | None:
        """Return whether a recorded decision answers the presumption."""
        rebuttal = self.ground.rule.rebuttal
        if rebuttal is None:
            return None
        state = self.world.present.fact(self.subject, rebuttal.fact)
        return None if state.value is None and len(state.entries) > 1 else state.value is True

    def _missing(self) -> tuple[str, ...]:
        """Return what would decide the finding and what is foreseen, by run where it is known."""
        gaps = (*self.verdict.missing, *(self.ahead.missing if self.ground.rule.foresees else ()))
        return tuple(sorted({name for gap in gaps for name in self._runs(gap)}))

    def _runs(self, gap: str) -> frozenset[str]:
        """Return the runs in which the operations of a model are missing, else the gap itself."""
        if not gap.startswith(MODEL_GAP):
            return frozenset({gap})
        legs = self.world.legs([gap.removeprefix(MODEL_GAP)])
        found = {
            name for counting in self.ground.countings for name in name_runs([gap], legs, counting)
        }
        return frozenset(found - {gap} or {gap})

    def _notes(
        self, met_on: MetOn | None, foreseen: Foreseen | None, dates: tuple[DueDate, ...]
    ) -> Iterator[str]:
        """Yield what a reader must know beside the fields."""
        source = self.ground.law.regime.sources[self.ground.rule.cite.source]
        if source.binding == "guidance":
            yield IN_GUIDANCE
        for name in self.ground.stands_in:
            yield f"no value of {name} binds on the day; the nearest one stands in"
        if met_on is not None and dates and met_on.earliest != met_on.latest:
            yield f"dates due run from the latest day on which it was met, {met_on.latest}"
        if met_on is not None or (foreseen is not None and foreseen.finding == "met"):
            yield from self._open_duties()
        yield from (f"hardware figure not verified: {each}" for each in self._doubts())
        clamped = [
            item for item in dates if item.since is not None and item.since == self.ground.since
        ]
        if clamped:
            yield f"no clock starts before the rule applies, {self.ground.since}"
        if foreseen is not None and foreseen.finding == "met":
            for item in self.world.counting(self.world.closure(self.subject)):
                if item.recorded_late:
                    yield (
                        f"commitment {item.contract} counts from {item.counts_from} and was "
                        f"recorded on {item.recorded_on}"
                    )
                if item.window_end <= self.world.as_of:
                    yield f"the window of commitment {item.contract} ended on {item.window_end}"

    def _open_duties(self) -> Iterator[str]:
        """Yield the duties of which it is not known whether they bind, by what would tell."""
        duties: dict[tuple[str, ...], list[str]] = {}
        for obligation in self.ground.rule.obligations:
            found = self._binds(obligation)
            if found.truth is None:
                duties.setdefault(found.missing, []).append(obligation.id)
        for missing, ids in duties.items():
            bind = "binds" if len(ids) == 1 else "bind"
            yield f"whether {', '.join(ids)} {bind} is open for want of {', '.join(missing)}"

    def _doubts(self) -> tuple[str, ...]:
        """Return the figures of the device concerned that were not verified; none without one."""
        part, _ = self.interpreter.answers.part(self.subject, "device")
        kind, _, name = (part or "").partition(":")
        if kind != "device":
            return ()
        asked = {node for node in reached(self.ground.law, self.ground.rule) if type(node) is str}
        return self.world.devices.doubts(name, asked)


def _facts_of(obligation: Obligation) -> tuple[str, ...]:
    """Return the dates of the subject that a due date rests on."""
    due = obligation.due
    if due is None:
        return ()
    after = () if due.after is None else due.after.moments
    before = () if due.before is None else (due.before,)
    return tuple(name for name in (*after, *before) if name not in {"met", "foreseen"})


def _first_day(met_on: MetOn | None, foreseen: Foreseen | None) -> date | None:
    """Return the first day on which a line can have been met or was foreseen; None for no bound."""
    if met_on is not None and met_on.earliest is None:
        return None
    days = [
        None if met_on is None else met_on.earliest,
        None if foreseen is None else foreseen.on,
    ]
    return min((day for day in days if day is not None), default=None)


def _fields(
    ground: Ground, standing: Standing, subject: str, *, hypothetical: bool
) -> dict[str, Any]:
    """Return the fields of a determination in which nothing was asked of the subject."""
    return {
        "regime": ground.law.regime.id,
        "rule": ground.rule.id,
        "subject": subject,
        "law": standing.law,
        "enforcement": standing.enforcement,
        "in_scope": False,
        "finding": None,
        "exception": None,
        "foreseen": None,
        "hypothetical": hypothetical,
        "met_on": None,
        "rebutted": None,
        "measured": None,
        "comparison": None,
        "threshold": None,
        "unit": None,
        "margin": None,
        "missing": (),
        "robust": None,
        "readings": ground.readings,
        "due": (),
        "closed_by": None,
        "evidence_share": Evidence(),
        "provenance": ground.provenance,
        "cite": ground.cite,
        "entries_counted": 0,
        "notes": (),
    }
