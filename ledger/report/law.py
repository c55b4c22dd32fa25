"""A law in a report is a regime laid out for a lawyer: each number beside the words it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from ledger.quantity import Quantity
from ledger.regime.counting import Counting, Open, choose_readings
from ledger.regime.dated import Standing, parameter_on, standing_on
from ledger.regime.index import IndexEntry
from ledger.regime.model import Regime, Regimes
from ledger.regime.rule import Due, Rule
from ledger.regime.source import Citation, ParameterValue
from ledger.regime.vocabulary import Vocabulary
from ledger.regime.words import in_words
from ledger.report.figure import scientific
from ledger.report.table import Column, Table

__all__ = [
    "LawView",
    "cited",
    "due_in_words",
    "index_table",
    "law_tables",
    "list_table",
    "value_shown",
]

_FLAT_MAX = 10**12  # longer whole numbers are shown as powers of ten when that is exact
_MANTISSA_MAX = 4  # digits that the short form of a number keeps


@dataclass(frozen=True, slots=True)
class LawView:
    """A regime as it is shown: on a day, as known on another, under the readings chosen.

    Attributes:
        regime: The rule file.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen; None sees all.
        readings: Alternative in force for every reading.
        standing: Where the regime stands on the day.
    """

    regime: Regime
    in_force_on: date
    law_known_on: date | None
    readings: Mapping[str, str]
    standing: Standing

    @classmethod
    def of(
        cls,
        regime: Regime,
        in_force_on: date,
        law_known_on: date | None = None,
        readings: Mapping[str, str] | None = None,
    ) -> Self:
        """Fix what is shown.

        Raises:
            RuleError: If an alternative chosen does not exist.
        """
        chosen = choose_readings(regime.readings, readings or {})
        standing = standing_on(regime, in_force_on, law_known_on)
        return cls(regime, in_force_on, law_known_on, chosen, standing)

    def lines(self) -> tuple[str, ...]:
        """Return the figures of the day that compute is compared with, as texts."""
        values = [
            parameter_on(parameter, self.in_force_on, self.law_known_on, nearest=True)
            for parameter in self.regime.parameters.values()
            if parameter.dimension in {"operations", "operation_rate"}
        ]
        return tuple(value_shown(value.value) for value in values if value is not None)


def list_table(regimes: Regimes, in_force_on: date, law_known_on: date | None = None) -> Table:
    """Return one row a regime: what it is, where it stands, which lines it draws.

    Args:
        regimes: Regime by id.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen; None sees all.
    """
    columns = (
        Column("regime"),
        Column("title", wide=True),
        Column("law"),
        Column("enforcement"),
        Column("lines", wide=True),
        Column("rules", "right"),
        Column("cases", "right"),
    )
    rows = []
    for regime in regimes.values():
        view = LawView.of(regime, in_force_on, law_known_on)
        standing = (view.standing.law or "none", view.standing.enforcement or "not stated")
        counts = (str(len(regime.rules)), str(len(regime.cases)))
        rows.append((regime.id, regime.title["en"], *standing, ", ".join(view.lines()), *counts))
    return Table(f"The law on {_asked(in_force_on, law_known_on)}", columns, tuple(rows))


def index_table(entries: Iterable[IndexEntry]) -> Table:
    """Return one row a text or jurisdiction that was looked at and has no rule, and why."""
    columns = (
        Column("looked at"),
        Column("title", wide=True),
        Column("status"),
        Column("why there is no rule", wide=True),
        Column("cite", wide=True),
    )
    rows = tuple((e.id, e.title["en"], e.status, e.why, e.cite) for e in entries)
    return Table("Looked at, and no rule", columns, rows)


def law_tables(view: LawView, vocabulary: Vocabulary) -> tuple[Table, ...]:
    """Return a regime as the tables that a lawyer reads."""
    tables = (
        _heading(view),
        _figures(view),
        *(_rule(view, rule) for rule in view.regime.rules),
        _counting(view, vocabulary),
        _readings(view),
        _obligations(view),
        _penalties(view),
        _sources(view),
    )
    return tuple(table for table in tables if table.rows)


def value_shown(value: Quantity | date) -> str:
    """Return a figure of the law as people write it, always exact."""
    if isinstance(value, date):
        return str(value)
    number = value.value
    if number.denominator != 1:
        return str(value)
    digits = str(number.numerator)
    short = number >= _FLAT_MAX and len(digits.rstrip("0")) <= _MANTISSA_MAX
    shown = scientific(number.numerator) if short else f"{number.numerator:,}"
    return f"{shown} {value.unit.symbol}"


def cited(regime: Regime, citation: Citation) -> str:
    """Return a citation as text: the source, and the place in it."""
    source = regime.sources[citation.source].cite
    return source if citation.at is None else f"{source}, {citation.at}"


def due_in_words(due: Due | None) -> str:
    """Return when an obligation falls due, in words."""
    if due is None:
        return "standing"
    parts = []
    if due.after is not None:
        which = "earliest" if due.after.earliest else "latest"
        moments = ", ".join(due.after.moments)
        of = moments if len(due.after.moments) == 1 else f"the {which} of {moments}"
        parts.append(f"{due.within} after {of}")
    if due.on is not None:
        parts.append(f"on {due.on}")
    if due.before is not None:
        ahead = "by" if due.ahead is None else f"{due.ahead} before"
        parts.append(f"{ahead} {due.before}")
    return ", not before ".join(parts)


def _asked(in_force_on: date, law_known_on: date | None) -> str:
    """Return the two days of the law in words."""
    return f"{in_force_on}" + ("" if law_known_on is None else f", as known on {law_known_on}")


def _days(start: date, stop: date | None) -> str:
    """Return a half-open stretch of days in words."""
    return f"from {start}" if stop is None else f"{start} until {stop}"


def _heading(view: LawView) -> Table:
    """Return what the regime is and where it stands."""
    regime, standing = view.regime, view.standing
    since = "" if standing.since is None else f" since {standing.since}"
    by = "" if standing.cite is None else f" ({cited(regime, standing.cite)})"
    checked = ", ".join(regime.review.checked_against_text_by) or "nobody yet"
    rows = (
        ("asked on", _asked(view.in_force_on, view.law_known_on)),
        ("law", f"{standing.law or 'none'}{since}{by}"),
        ("applies from", str(standing.applies_from or "no day known")),
        ("enforcement", standing.enforcement or "not stated"),
        ("jurisdiction", regime.jurisdiction),
        ("file", f"{regime.review.state}, compared with the text by {checked}"),
    )
    notes = tuple(f"{note.on}: {note.text['en']}" for note in regime.notes)
    return Table(f"{regime.id}: {regime.title['en']}", _pair(), rows, notes)


def _pair() -> tuple[Column, Column]:
    """Return the columns of a table that names and tells."""
    return Column("what"), Column("is", wide=True)


def _figures(view: LawView) -> Table:
    """Return every number of the law beside the words that decide."""
    columns = (
        Column("figure"),
        Column("value"),
        Column("the law says", wide=True),
        Column("where", wide=True),
        Column("binds"),
        Column("known from"),
        Column("provenance"),
    )
    rows = tuple(
        _figure(view, name, value)
        for name, parameter in view.regime.parameters.items()
        for value in parameter.values
    )
    notes = ("provenance says whether the figure was read in its source, elsewhere, or remembered",)
    return Table("Figures", columns, rows, notes if rows else ())


def _figure(view: LawView, name: str, value: ParameterValue) -> tuple[str, ...]:
    """Return one value of a figure as a row."""
    phrase = value.cite.phrase
    return (
        name,
        value_shown(value.value),
        "no words quoted" if phrase is None else f'"{phrase}"',
        cited(view.regime, value.cite),
        _days(value.from_, value.until),
        str(value.known),
        value.provenance,
    )


def _rule(view: LawView, rule: Rule) -> Table:
    """Return one rule in words."""
    rows = [("effect", f"{rule.effect} about a {rule.subject}")]
    rows += [("where", f"{name} is {in_words(number)}") for name, number in rule.let.items()]
    if rule.scope is not None:
        rows.append(("in scope if", in_words(rule.scope)))
    rows.append(("met if", in_words(rule.condition)))
    for item in rule.unless:
        text = f"{in_words(item.when)} ({item.id}: {cited(view.regime, item.cite)})"
        rows.append(("unless", text))
    if rule.rebuttal is not None:
        text = f"{rule.rebuttal.fact} ({cited(view.regime, rule.rebuttal.cite)})"
        rows.append(("rebutted by", text))
    rows.append(("foreseen", "commitments count" if rule.foresees else "only what has happened"))
    rows.append(("cited", cited(view.regime, rule.cite)))
    if rule.interpretation is not None:
        rows.append(("read as", rule.interpretation))
    return Table(f"Rule {rule.id}: {rule.title['en']}", _pair(), tuple(rows))


def _counting(view: LawView, vocabulary: Vocabulary) -> Table:
    """Return what each counting set counts, one row an activity, kind or relation."""
    sets = view.regime.counting
    columns = (Column("operations of"), *(Column(name, wide=True) for name in sets))
    labels = {
        f"activities.{name}": item.title["en"] for name, item in vocabulary.activities.items()
    }
    answers = {name: dict(item.classified()) for name, item in sets.items()}
    places = next(iter(answers.values()), {})
    rows = tuple(
        (_label(place, labels), *(_answer(view, answers[name][place]) for name in sets))
        for place in places
    )
    notes = tuple(_counting_note(view, name, item) for name, item in sets.items())
    return Table("What is counted", columns, rows, notes)


def _counting_note(view: LawView, name: str, item: Counting) -> str:
    """Return what a counting set is and where it stands."""
    return f"{name}: {item.title['en']} ({cited(view.regime, item.cite)})"


def _label(place: str, labels: Mapping[str, str]) -> str:
    """Return a place of a counting set in words."""
    if place in labels:
        return labels[place]
    family, _, name = place.rpartition(".")
    if family == "operation_kinds":
        return "operations of unknown kind" if name == "unknown" else f"{name} operations"
    return "steps inside one provider" if name == "same_provider" else f"parent, {name}"


def _answer(view: LawView, answer: str | Open) -> str:
    """Return how a place is classified, naming the reading where the law is open."""
    if isinstance(answer, str):
        return answer
    chosen = view.readings[answer.reading]
    effect = view.regime.readings[answer.reading].alternatives[chosen].effect
    return f"{effect} (open: {answer.reading}={chosen})"


def _readings(view: LawView) -> Table:
    """Return the open questions, what is assumed, and what else is argued."""
    columns = (
        Column("reading"),
        Column("question", wide=True),
        Column("chosen", wide=True),
        Column("other", wide=True),
        Column("why", wide=True),
    )
    return Table("Where the text is open", columns, tuple(_reading_rows(view)))


def _reading_rows(view: LawView) -> Iterator[tuple[str, ...]]:
    """Yield one row an open question."""
    for name, reading in view.regime.readings.items():
        chosen = view.readings[name]
        told = {word: f"{word}: {item.title['en']}" for word, item in reading.alternatives.items()}
        others = [text for word, text in told.items() if word != chosen]
        yield (name, reading.question["en"], told[chosen], "\n".join(others), reading.why)


def _obligations(view: LawView) -> Table:
    """Return what has to be done once a rule is met."""
    columns = (
        Column("rule"),
        Column("duty"),
        Column("who", wide=True),
        Column("what", wide=True),
        Column("to whom", wide=True),
        Column("due", wide=True),
        Column("cited", wide=True),
    )
    rows = tuple(
        (
            rule.id,
            duty.id,
            duty.actor,
            "\n".join((duty.action["en"], *duty.content)),
            "" if duty.recipient is None else duty.recipient["en"],
            due_in_words(duty.due),
            cited(view.regime, duty.cite),
        )
        for rule in view.regime.rules
        for duty in rule.obligations
    )
    return Table("Obligations", columns, rows)


def _penalties(view: LawView) -> Table:
    """Return what a breach costs."""
    columns = (Column("penalty", wide=True), Column("cited", wide=True))
    rows = tuple((item.text["en"], cited(view.regime, item.cite)) for item in view.regime.penalties)
    return Table("Penalties", columns, rows)


def _sources(view: LawView) -> Table:
    """Return the texts that the file rests on."""
    columns = (
        Column("source"),
        Column("cite", wide=True),
        Column("published"),
        Column("binding"),
        Column("note", wide=True),
    )
    rows = tuple(
        (name, source.cite, str(source.published), source.binding, source.note or "")
        for name, source in view.regime.sources.items()
    )
    return Table("Sources", columns, rows)
