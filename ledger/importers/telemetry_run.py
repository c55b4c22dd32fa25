"""Run facts: what a training script wrote about one run, in ``run_<id>.json``.

Times are seconds since 1970 with a fraction, read as exact decimals and cut to whole
milliseconds; counts are whole numbers with all their digits. Only the trainer's own count may have
an exponent, because the Trainer prints it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor
from typing import get_args

from ledger.errors import InputError, Problem
from ledger.importers.held_time import SPAN_MAX_MS
from ledger.importers.json_text import Printed
from ledger.importers.source_file import exact_number
from ledger.period import Period, from_epoch_ms
from ledger.record import fields

__all__ = ["FactError", "RunFacts", "disagreements", "read_facts", "whole"]

PRECISIONS = frozenset(get_args(fields.Precision))

_WALL_TOLERANCE_MS = 20  # the two clocks of the script are read a few milliseconds apart
_TIME_MAX = 10**11  # seconds; beyond the year 5000 a time is not in seconds


class FactError(InputError):
    """A fact is missing or has another form.

    Args:
        name: Name of the fact.
        message: What is there.
        why: Why it matters.
        remedy: What to write.
    """

    code = "fact"

    def __init__(self, name: str, message: str, *, why: str, remedy: str) -> None:
        """Keep the name, by which its line can be found."""
        super().__init__(message, why=why, remedy=remedy)
        self.name = name


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run as its script saw it.

    Attributes:
        run_id: Name of the run.
        precision: Operand format, a word of the records; ``unknown`` for another word.
        period: First and last moment, whole milliseconds.
        wall_ms: Duration that the script measured with its own clock, milliseconds.
        steps: Optimiser steps.
        tokens: Tokens processed.
        parameters: All parameters.
        trainable: Parameters that were updated.
        per_step: Operations of one step, counted by operator shape.
        counted: Operations of the run as the script states them.
        by_operator: Operations of one step by operator.
        six_nd: 6·N·D as the script states it.
        total_flos: What the trainer states, exact, or None.
        total_flos_text: The same number in decimal text, as exact as the file has it.
        gpu: Name of the device as the driver prints it.
        gpus: How many.
    """

    run_id: str
    precision: str
    period: Period
    wall_ms: int
    steps: int
    tokens: int
    parameters: int
    trainable: int
    per_step: int
    counted: int
    by_operator: Mapping[str, int]
    six_nd: int
    total_flos: int | None
    total_flos_text: str
    gpu: str
    gpus: int

    @property
    def attention_per_step(self) -> int:
        """Operations of one step inside attention operators."""
        return sum(n for name, n in self.by_operator.items() if "attention" in name)

    @property
    def sparsity(self) -> str:
        """``dense`` when every operator counted is a dense one, else ``unknown``."""
        return "unknown" if any("sparse" in name for name in self.by_operator) else "dense"


def read_facts(value: Mapping[str, object]) -> RunFacts:
    """Read the facts of a run.

    Args:
        value: The JSON object, floats as exact decimals.

    Raises:
        FactError: A fact is missing or has another form.
        InputError: The run is longer than any can be.
    """
    start, end = _milliseconds(value, "start_utc"), _milliseconds(value, "end_utc")
    if end - start > SPAN_MAX_MS:
        raise InputError(
            "the run lasts more than ten years", remedy="check start_utc and end_utc, in seconds"
        )
    precision = _text(value, "precision")
    operators = value.get("flop_by_op_per_step")
    if not isinstance(operators, dict):
        raise _missing("flop_by_op_per_step", "an object")
    flos = value.get("trainer_total_flos")
    return RunFacts(
        run_id=_text(value, "run_id"),
        precision=precision if precision in PRECISIONS else "unknown",
        period=Period(from_epoch_ms(start), from_epoch_ms(end)),
        wall_ms=_milliseconds(value, "wall_s"),
        steps=_whole(value, "steps"),
        tokens=_whole(value, "tokens"),
        parameters=_whole(value, "parameters"),
        trainable=_whole(value, "trainable_parameters"),
        per_step=_whole(value, "flop_per_step_counted"),
        counted=_whole(value, "flop_counted"),
        by_operator={str(name): _whole(operators, name) for name in operators},
        six_nd=_whole(value, "flop_6nd"),
        total_flos=None if flos is None else _reported(value, "trainer_total_flos"),
        total_flos_text="" if flos is None else str(flos).lower(),
        gpu=_text(value, "gpu"),
        gpus=_whole(value, "gpus"),
    )


def disagreements(facts: RunFacts, source: str) -> Iterator[Problem]:
    """Yield a finding for each pair of figures in the file that should agree and does not."""
    wall = facts.period.milliseconds
    checks = (
        ("steps × operations per step", facts.steps * facts.per_step, "counted", facts.counted),
        ("the sum over operators", sum(facts.by_operator.values()), "a step", facts.per_step),
        ("6·N·D", 6 * facts.parameters * facts.tokens, "flop_6nd", facts.six_nd),
    )
    for left, worked_out, right, stated in checks:
        if worked_out != stated:
            yield Problem(
                source,
                None,
                "figures-disagree",
                f"{left} is {worked_out}, but {right} is {stated}",
                "find out which is right; the figures are recorded as stated",
                "finding",
                "a figure that does not follow from its own inputs cannot be relied on",
            )
    if abs(wall - facts.wall_ms) > _WALL_TOLERANCE_MS:
        yield Problem(
            source,
            None,
            "wall-differs",
            f"end minus start is {wall} ms, but wall_s is {facts.wall_ms} ms",
            "check whether the clock was set during the run; start and end are recorded",
            "finding",
            "the time held decides the ceiling",
        )


def whole(value: object) -> int | None:
    """Return a JSON number that is a whole number of 0 or more, exactly; else None."""
    number = exact_number(value)
    if number is None or number < 0 or number.denominator != 1:
        return None
    return number.numerator


def _whole(value: Mapping[str, object], name: str) -> int:
    """Return a count, which has all its digits in the file."""
    stated = value.get(name)
    if isinstance(stated, Printed) and stated.has_exponent:
        number = whole(stated)
        raise FactError(
            name,
            f"{name} is {stated.text[:40]}, which is how a float is printed",
            why="a float near 10^25 is exact only to about two billion operations",
            remedy=f"write all the digits, {number} if it is exact; in Python, count with int"
            if number is not None
            else "write all the digits of a whole number of 0 or more",
        )
    return _reported(value, name)


def _reported(value: Mapping[str, object], name: str) -> int:
    """Return a fact that must be a whole number of 0 or more."""
    number = whole(value.get(name))
    if number is None:
        raise _missing(name, "a whole number of 0 or more")
    return number


def _milliseconds(value: Mapping[str, object], name: str) -> int:
    """Return a time in seconds as whole milliseconds, later fractions cut off."""
    seconds = exact_number(value.get(name))
    if seconds is None or not 0 <= seconds < _TIME_MAX:
        raise _missing(name, "a number of seconds")
    return floor(seconds * 1000)


def _text(value: Mapping[str, object], name: str) -> str:
    """Return a fact that must be a word."""
    text = value.get(name)
    if not isinstance(text, str) or not text.strip():
        raise _missing(name, "a word")
    return text.strip()


def _missing(name: str, form: str) -> FactError:
    """Return the error for a fact that is not there in the form needed."""
    return FactError(
        name,
        f"{name} is missing or not {form}",
        why="the figures of a run are worked out from these facts and from nothing else",
        remedy="write the file again with the training script",
    )
