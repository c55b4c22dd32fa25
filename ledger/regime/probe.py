"""A probe is a case made from a rule file itself, to see what in the file bears on an outcome.

Probes are made around a case in which a rule is met: asked on every day that the file names and
the day before, with what was known by then, with each activity, kind of operation and lineage, and
under each reading. What must come out is whatever the file says; only a mutant of the file is held
against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any, Final, Literal, TypeAlias

from ledger.quantity import Quantity
from ledger.regime.boundary import ABOVE
from ledger.regime.case import Case, CaseLaw, CaseLineage, CaseTraining
from ledger.regime.cased import CasedRegime
from ledger.regime.counting import OPERATION_KINDS, RELATIONS, Open
from ledger.regime.scalar import Node
from ledger.regime.source import LawStatus
from ledger.regime.vocabulary import Vocabulary

__all__ = ["Probe", "ProbeKind", "probes"]

ProbeKind: TypeAlias = Literal["line", "day", "work"]

_DAY: Final = timedelta(days=1)
_PARENT: Final = "parent"


@dataclass(frozen=True, slots=True)
class Probe:
    """A case to ask of a file and of its mutants.

    Attributes:
        kind: What it tries: a line, a day, or the work that is counted.
        case: The case.
        records: A case with the same records; probes of one share them.
    """

    kind: ProbeKind
    case: Case
    records: Case


def probes(
    regime: CasedRegime, vocabulary: Vocabulary, generated: Sequence[Case]
) -> Iterator[Probe]:
    """Yield the probes of a regime.

    Args:
        regime: The regime.
        vocabulary: Its activities.
        generated: Cases around the lines of the regime.
    """
    for case in generated:
        yield Probe("line", case, case)
    bases = _bases((*generated, *regime.cases))
    above = [case for case in generated if case.name.startswith(ABOVE)]
    for base in list({id(case): case for case in (*bases, *above)}.values()):
        yield from _on_days(regime, base)
    for base in bases:
        if base.training:
            yield from _of_work(regime, base, vocabulary)


def _bases(cases: Iterable[Case]) -> list[Case]:
    """Return the first case that finds each rule met, each once."""
    found: dict[str, Case] = {}
    for case in cases:
        for rule, subjects in case.expect.items():
            if any(expected.finding == "met" for expected in subjects.values()):
                found.setdefault(rule, case)
    return list({id(case): case for case in found.values()}.values())


def _on_days(regime: CasedRegime, base: Case) -> Iterator[Probe]:
    """Yield a case on each day that the file names and the day before, and known by then."""
    bound, known = set[date](), set[date]()
    for name, day in _days(regime):
        (known if name in {"known", "published"} else bound).update({day, day - _DAY})
    for day, assumed in product(sorted(bound), (False, True)):
        assume: dict[str, LawStatus] = {regime.id: "in_force"} if assumed else {}
        law = CaseLaw.model_construct(in_force_on=day, law_known_on=None, assume=assume)
        yield _probe("day", base, {"law": law}, f"asked on {day}")
    for day in sorted(known):
        for asked in (base.law.in_force_on, max(bound)):
            law = base.law.model_copy(update={"law_known_on": day, "in_force_on": asked})
            bare = law.model_copy(update={"assume": {}})
            yield _probe("day", base, {"law": law}, f"asked on {asked}, known by {day}")
            yield _probe("day", base, {"law": bare}, f"not assumed on {asked}, known by {day}")


def _probe(kind: ProbeKind, base: Case, changed: dict[str, Any], name: str) -> Probe:
    """Return a case with something changed that leaves the records as they are."""
    update = {"as_of": base.evaluated_on, **changed, "name": f"probe: {name}"}
    return Probe(kind, base.model_copy(update=update), base)


def _days(node: Node) -> Iterator[tuple[str, date]]:
    """Yield every day below a node of the law with the name of its field, cases left out."""
    for field in type(node).model_fields:
        if field != "cases":
            yield from _days_in(getattr(node, field), field)


def _days_in(value: object, name: str) -> Iterator[tuple[str, date]]:
    """Yield the days below a value of a field."""
    if isinstance(value, date):
        yield name, value
    elif isinstance(value, Node):
        yield from _days(value)
    elif isinstance(value, tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _days_in(item, name)


def _of_work(regime: CasedRegime, base: Case, vocabulary: Vocabulary) -> Iterator[Probe]:
    """Yield a case with each kind of work and lineage, and under each reading those it answers."""
    work: list[tuple[str, Case]] = [
        (f"activities.{name}", _doing(base, {"activity": name})) for name in vocabulary.activities
    ]
    work += [(f"operation_kinds.{kind}", _doing(base, {"kind": kind})) for kind in OPERATION_KINDS]
    for relation, provider in product(RELATIONS, ("yes", "no")):
        work.append((f"lineage.relations.{relation}", _made_from(base, relation, provider)))
    for place, case in work:
        yield Probe("work", case, case)
        for asked in _asked(regime, place):
            for word in regime.readings[asked].alternatives:
                chosen = {**base.readings, asked: word}
                yield _probe("work", case, {"readings": chosen}, f"{place} {asked}={word}")
    for name, reading in regime.readings.items():
        for word in reading.alternatives:
            chosen = {**base.readings, name: word}
            yield _probe("work", base, {"readings": chosen}, f"{name}={word}")


def _asked(regime: CasedRegime, place: str) -> list[str]:
    """Return the readings that answer a place of the counting sets."""
    found = dict.fromkeys(
        answer.reading
        for counting in regime.counting.values()
        for where, answer in counting.classified()
        if isinstance(answer, Open) and where in {place, "lineage.same_provider"}
    )
    return list(found)


def _doing(base: Case, change: dict[str, str]) -> Case:
    """Return a case whose work is of another activity or kind."""
    rows = tuple(row.model_copy(update=change) for row in base.training)
    name = f"probe: {' '.join(change.values())}"
    return base.model_copy(update={"training": rows, "name": name})


def _made_from(base: Case, relation: str, provider: str) -> Case:
    """Return a case in which parents did the work and each model only one operation of its own."""
    models = dict.fromkeys(row.model for row in base.training)
    parents = tuple(
        row.model_copy(update={"model": f"{_PARENT}-{row.model}", "run": f"{_PARENT}-{index}"})
        for index, row in enumerate(base.training)
    )
    own = tuple(_one_operation(base, model) for model in models)
    steps = tuple(
        CaseLineage.model_validate(
            {
                "model": model,
                "parent": f"{_PARENT}-{model}",
                "relation": relation,
                "same_provider": provider,
            }
        )
        for model in models
    )
    update = {
        "training": (*parents, *own),
        "lineage": (*base.lineage, *steps),
        "name": f"probe: {relation}, same provider {provider}",
    }
    return base.model_copy(update=update)


def _one_operation(base: Case, model: str) -> CaseTraining:
    """Return the row of a model with one operation."""
    row = next(each for each in base.training if each.model == model)
    return row.model_copy(update={"operations": Quantity.parse("1 OP"), "extent": "own"})
