"""A run's figures stand side by side: each way its operations were found, against the recorded one.

The primary records count; corroborating ones never add. Ratios are exact fractions, and what
makes two figures differ is said in words from the inputs that the records carry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, cast

from ledger.canonical import JSON, encode
from ledger.entry import Entry
from ledger.errors import InputError, MissingError
from ledger.estimate import Inputs, adapter
from ledger.journeys.disagreement import (
    Compared,
    Derived,
    attention_operations,
    explain,
    whole,
)
from ledger.methods.formula import work_out
from ledger.record.provenance import evidence_grade

__all__ = [
    "Entries",
    "Figure",
    "RunFigures",
    "figures_of",
    "reversed_entries",
    "run_figures",
    "standing",
]

Body = Mapping[str, JSON]


class Entries(Protocol):
    """Where the entries of a run are found: a store."""

    def find_run(self, run: str) -> Iterator[Entry]:
        """Yield the entries whose body names the run, in order."""

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (seq, bytes, hash) of every entry, in order."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One way in which the operations of a run were found, all its legs together.

    Attributes:
        method: As the records state it.
        role: ``primary`` or ``corroborating``.
        grade: Evidence grade of its records, the weakest if they differ.
        entries: Numbers of the entries.
        operations: Sum of the stated figures; None if a leg states none.
        low: Sum of the lower ends; None if a leg states neither a low end nor a figure.
        high: Sum of the upper ends; likewise.
        unstated: Legs that state nothing at all.
        inputs: Inputs of the method, if all legs carry the same.
        ratio: Figure (or its lower end) over the reference; None if either is not known.
        recomputed: What the inputs give when worked out again; None if they state no formula.
        why: What makes it differ from the reference, in words.
    """

    method: str
    role: str
    grade: str
    entries: tuple[int, ...]
    operations: int | None
    low: int | None
    high: int | None
    unstated: int
    inputs: Inputs
    ratio: Fraction | None
    recomputed: int | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunFigures:
    """All figures of one run.

    Attributes:
        run: Its identifier.
        model: Models that its records name.
        reference: Sum of the primary figures that are stated; None if none is.
        device_us: Time held by the primary legs that state it; None if none does.
        untimed: Primary legs that state no time held.
        ceiling: Sum of their ceilings; None if one of them has none.
        figures: The primary first, then in the order of the log.
        derived: Figures worked out here from recorded inputs; they are not records.
    """

    run: str
    model: tuple[str, ...]
    reference: int | None
    device_us: int | None
    untimed: int
    ceiling: int | None
    figures: tuple[Figure, ...]
    derived: tuple[Derived, ...]


def figures_of(entries: Entries, run: str) -> RunFigures:
    """Put the figures of a run side by side; reversed entries are left out.

    Args:
        entries: The store.
        run: Identifier of the run.

    Raises:
        MissingError: No unreversed allocation names the run.
    """
    found = standing(entries, run, lambda entry: entry.type == "allocation")
    if not found:
        raise MissingError(
            f"no record names the run {run!r}",
            remedy="flopledger status shows what is recorded; run names are exact",
        )
    return run_figures(run, {seq: entry.body for seq, entry in found.items()})


def run_figures(run: str, bodies: Mapping[int, Body]) -> RunFigures:
    """Put the figures of a run side by side.

    Args:
        run: Identifier of the run.
        bodies: Bodies of its unreversed allocations by entry number, at least one.
    """
    primary = [body for body in bodies.values() if body["role"] == "primary"]
    stated = [int(str(b["operations"])) for b in primary if b["operations"] is not None]
    reference = sum(stated) if stated else None
    groups: dict[tuple[str, ...], dict[int, Body]] = {}
    for seq, body in bodies.items():
        groups.setdefault(_kind(body), {})[seq] = body
    ordered = sorted(groups.values(), key=lambda group: _role(group) != "primary")
    counted = _counted(primary)
    figures = tuple(_figure(group, reference, counted) for group in ordered)
    ceilings = [body["ceiling_operations"] for body in primary]
    held = [int(str(b["device_us"])) for b in primary if b["device_us"] is not None]
    return RunFigures(
        run=run,
        model=tuple(sorted({str(body["model"]) for body in bodies.values()})),
        reference=reference,
        device_us=sum(held) if held else None,
        untimed=len(primary) - len(held),
        ceiling=None
        if None in ceilings or not ceilings
        else sum(int(str(most)) for most in ceilings),
        figures=figures,
        derived=tuple(_derived(counted, reference)),
    )


def standing(entries: Entries, run: str, wanted: Callable[[Entry], bool]) -> dict[int, Entry]:
    """Return the entries of a run that nothing reverses, by their numbers, in order.

    Args:
        entries: The store.
        run: Identifier of the run.
        wanted: Which entries are asked for.
    """
    found = {entry.seq: entry for entry in entries.find_run(run) if wanted(entry)}
    # All of the ledger is gone through for reversals, so only where something is found.
    for seq in reversed_entries(entries, run) if found else ():
        found.pop(seq, None)
    return found


def reversed_entries(entries: Entries, run: str) -> Iterator[int]:
    """Yield the numbers of entries of the run that were reversed."""
    needle = b'"run":' + encode(run)
    for _, data, _ in entries.rows():
        if b'"reversed_type":"allocation"' in data and needle in data:
            entry = Entry.parse(data)
            if entry.type == "reversal":
                yield cast("int", entry.body["reverses"])


def _kind(body: Body) -> tuple[str, ...]:
    """Return what tells two figures of a run apart."""
    evidence, inputs = cast("Body", body["evidence"]), _inputs(body)
    formula = str(inputs.get("formula", ""))
    return (str(body["role"]), str(body["method"]), str(evidence["importer"]), formula)


def _role(group: Mapping[int, Body]) -> str:
    """Return the role that all records of a group share."""
    return str(next(iter(group.values()))["role"])


def _inputs(body: Body) -> Inputs:
    """Return the inputs of the method."""
    return cast("Inputs", body["method_inputs"])


def _counted(primary: Sequence[Body]) -> Inputs:
    """Return the inputs of the primary figure, if all its legs carry the same."""
    return _shared(body for body in primary if body["operations"] is not None)


def _shared(bodies: Iterable[Body]) -> Inputs:
    """Return the inputs that all bodies carry alike, or none."""
    distinct = {encode(body["method_inputs"]): _inputs(body) for body in bodies}
    return next(iter(distinct.values())) if len(distinct) == 1 else {}


def _figure(group: Mapping[int, Body], reference: int | None, counted: Inputs) -> Figure:
    """Add the legs of one figure up and compare it."""
    bodies = list(group.values())
    operations = _sum(bodies, "operations", "operations")
    low = _sum(bodies, "operations_low", "operations")
    high = _sum(bodies, "operations_high", "operations")
    value = operations if operations is not None else low
    inputs = _shared(bodies)
    ratio = None if value is None or not reference else Fraction(value, reference)
    first = bodies[0]
    compared = Compared(
        method=str(first["method"]),
        primary=first["role"] == "primary",
        operations=value,
        reference=reference,
        inputs=inputs,
        counted=counted,
        held_us=_sum(bodies, "device_us", "device_us"),
    )
    return Figure(
        method=compared.method,
        role=str(first["role"]),
        grade=max(evidence_grade(body) for body in bodies),
        entries=tuple(group),
        operations=operations,
        low=low,
        high=high,
        unstated=sum(_unstated(body) for body in bodies),
        inputs=inputs,
        ratio=ratio,
        recomputed=_recomputed(bodies),
        why=tuple(explain(compared)),
    )


def _sum(bodies: Sequence[Body], name: str, instead: str) -> int | None:
    """Add one amount up over the legs, taking another where it is not stated; None if unknown."""
    total = 0
    for body in bodies:
        value = body[name] if body[name] is not None else body[instead]
        if value is None:
            return None
        total += int(str(value))
    return total


def _unstated(body: Body) -> bool:
    """Return whether a leg states neither a figure nor a range."""
    return body["operations"] is None and body["operations_low"] is None


def _recomputed(bodies: Sequence[Body]) -> int | None:
    """Return what the inputs give when worked out again, or None if any of them cannot be.

    Legs with the same inputs are either parts of one figure or carry it whole each, such as equal
    days of held time: both readings are right, so the one that the records bear out is taken.
    """
    groups: dict[bytes, list[Body]] = {}
    for body in bodies:
        # Legs of several operand formats share one figure.
        alike: JSON = {n: value for n, value in _inputs(body).items() if n != "leg_share_ppm"}
        groups.setdefault(encode(alike), []).append(body)
    total = 0
    for legs in groups.values():
        inputs = _inputs(legs[0])
        if "formula" not in inputs:
            return None
        try:
            again = work_out(inputs)
        except InputError:
            return None
        stated = _sum(legs, "operations", "operations_low")
        total += again * len(legs) if stated == again * len(legs) else again
    return total


def _derived(counted: Inputs, reference: int | None) -> Iterator[Derived]:
    """Yield figures that recorded inputs allow beyond the recorded ones."""
    if not reference:
        return
    names = ("parameters", "trainable_parameters", "tokens")
    parameters, trainable, tokens = (whole(counted, name) for name in names)
    if parameters and trainable is not None and tokens and trainable < parameters:
        frozen = adapter(parameters, trainable, tokens).operations
        yield Derived("(4·N + 2·n)·D, for frozen weights", frozen, reference)
    attention = attention_operations(counted)
    if attention is not None and attention < reference:
        yield Derived("counted, without attention", reference - attention, reference)
