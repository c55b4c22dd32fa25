"""A supposed book is the forward book with changes that nobody agreed to: a scenario, never kept.

Capacity is meant for another model, delivered later, on other devices, in another format; an option
is exercised. Device-hours stay unless a ratio is named; operations follow the dense peaks of the
catalogue. Whatever comes of it is hypothetical.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from ledger.errors import InputError, UnitError
from ledger.forecast import Flow
from ledger.hardware import Catalogue
from ledger.journeys.outlays import Outlay
from ledger.quantity import parse_number

__all__ = ["CHANGES", "Supposed", "suppose"]

Kind: TypeAlias = Literal["reallocate", "slip", "substitute", "precision", "exercise"]
CHANGES: Final[tuple[Kind, ...]] = ("reallocate", "slip", "substitute", "precision", "exercise")
_NOBODY: Final = "none"
_DAYS_MAX: Final = 3_650


@dataclass(frozen=True, slots=True)
class Supposed:
    """One change of the book that is supposed.

    Attributes:
        kind: What changes.
        contract: Of which contract.
        value: To what, as it was written; empty for an exercise.
    """

    kind: Kind
    contract: str
    value: str

    @classmethod
    def parse(cls, kind: Kind, text: str) -> Supposed:
        """Read ``CONTRACT=VALUE``, or ``CONTRACT`` for an exercise.

        Raises:
            InputError: If it has another form.
        """
        contract, equals, value = text.partition("=")
        if not contract or bool(equals) == (kind == "exercise") or (equals and not value):
            form = "CONTRACT" if kind == "exercise" else "CONTRACT=VALUE"
            raise InputError(f"--{kind} {text!r} is not understood", remedy=f"write {form}")
        return cls(kind, contract, value)

    def __str__(self) -> str:
        """Say it in words."""
        words = {
            "reallocate": f"{self.contract} meant for {self.value}",
            "slip": f"{self.contract} delivered {self.value} days later",
            "substitute": f"{self.contract} delivered as {self.value}",
            "precision": f"{self.contract} used in {self.value}",
            "exercise": f"{self.contract} exercised",
        }
        return words[self.kind]


def suppose(
    outlays: Sequence[Outlay], changes: Sequence[Supposed], catalogue: Catalogue
) -> tuple[Outlay, ...]:
    """Return the outlays with changes, one after the other.

    Args:
        outlays: What is still to come.
        changes: What is supposed.
        catalogue: Knows dense peaks.

    Raises:
        InputError: If a change names no contract with something to come, or cannot be made.
    """
    found = tuple(outlays)
    for change in changes:
        coming = dict.fromkeys(each.contract for each in found if not each.overdue)
        if change.contract not in coming:
            known = ", ".join(coming) or "none"
            raise InputError(
                f"nothing is to come under a contract {change.contract!r}",
                why=f"contracts with something to come: {known}",
                remedy="list them: flopledger contract list",
            )
        found = tuple(_changed(found, change, catalogue))
    return found


def _changed(outlays: Sequence[Outlay], change: Supposed, catalogue: Catalogue) -> Iterator[Outlay]:
    """Yield outlays with one change."""
    make = _makers(catalogue)[change.kind]
    for each in outlays:
        if each.contract == change.contract and not each.overdue:
            yield from make(each, change.value)
        else:
            yield each


def _makers(catalogue: Catalogue) -> Mapping[Kind, Callable[[Outlay, str], Iterator[Outlay]]]:
    """Return what makes each kind of change."""
    return {
        "reallocate": _reallocated,
        "slip": _slipped,
        "substitute": lambda each, value: _substituted(each, value, catalogue),
        "precision": lambda each, value: _recast(each, value, catalogue),
        "exercise": _exercised,
    }


def _reallocated(each: Outlay, value: str) -> Iterator[Outlay]:
    """Yield the share that another model gets, and the rest."""
    model, at, share_text = value.partition("@")
    share = _share(share_text) if at else Fraction(1)
    yield _scaled(replace(each, model=None if model == _NOBODY else model), share)
    if share < 1:
        yield _scaled(each, 1 - share)


def _slipped(each: Outlay, value: str) -> Iterator[Outlay]:
    """Yield the same capacity some days later."""
    digits = value.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or int(digits) > _DAYS_MAX:
        raise InputError(f"{value[:40]!r} is no number of days", remedy="write 30, or -30")
    by = timedelta(days=int(value))
    yield replace(each, flow=replace(each.flow, start=each.flow.start + by, end=each.flow.end + by))


def _substituted(each: Outlay, value: str, catalogue: Catalogue) -> Iterator[Outlay]:
    """Yield the same device-hours, times a ratio if one is named, on another device."""
    name, colon, text = value.partition(":")
    ratio = _share(text, most=None) if colon else Fraction(1)
    device = catalogue.find(name).id
    before = _peak(catalogue, each.device, each.precision, each.sparsity)
    after = _peak(catalogue, device, each.precision, each.sparsity)
    changed = replace(each, device=device)
    yield _scaled(changed, Fraction(after, before) * ratio, hours=ratio)


def _recast(each: Outlay, value: str, catalogue: Catalogue) -> Iterator[Outlay]:
    """Yield the same device-hours in another operand format."""
    before = _peak(catalogue, each.device, each.precision, each.sparsity)
    after = _peak(catalogue, each.device, value, each.sparsity)
    yield _scaled(replace(each, precision=value), Fraction(after, before), hours=Fraction(1))


def _exercised(each: Outlay, value: str) -> Iterator[Outlay]:
    """Yield an option as exercised."""
    del value
    if each.kind != "option":
        raise InputError(
            f"{each.contract!r} is a {each.kind}, which nobody exercises",
            remedy="name an option",
        )
    yield replace(each, counts=True)


def _scaled(each: Outlay, share: Fraction, *, hours: Fraction | None = None) -> Outlay:
    """Return an outlay with its operations, and its hours, times a share."""
    time = share if hours is None else hours
    us = None if each.device_us is None else int(each.device_us * time)
    flow = each.flow
    return replace(
        each,
        device_us=us,
        flow=Flow(
            flow.start,
            flow.end,
            flow.low * share,
            None if flow.point is None else flow.point * share,
            None if flow.high is None else flow.high * share,
            flow.source,
        ),
    )


def _peak(catalogue: Catalogue, device: str | None, precision: str, sparsity: str) -> int:
    """Return the peak of a device in a format.

    Raises:
        InputError: If the device or its peak is not known.
    """
    peak = None if device is None else catalogue.find(device).peak(precision, sparsity)
    if peak is None:
        raise InputError(
            f"{device or 'the device'} has no {sparsity} peak in {precision}",
            why="operations are supposed to follow the peaks",
            remedy="choose a device and a format that flopledger hardware shows",
        )
    return peak


def _share(text: str, *, most: int | None = 1) -> Fraction:
    """Read a share such as ``1/2``."""
    above, stroke, below = text.partition("/")
    try:
        value = parse_number(above) / (parse_number(below) if stroke else 1)
    except (UnitError, ZeroDivisionError) as error:
        raise InputError(f"{text[:40]!r} is no share", remedy="write 1/2") from error
    if value <= 0 or (most is not None and value > most):
        raise InputError(f"a share of {text[:40]} cannot be", remedy="write one such as 1/2")
    return value
