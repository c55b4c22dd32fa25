"""A supposed book is the forward book with changes that nobody agreed to: a scenario, never kept.

Capacity is meant for another model, delivered later, on other devices, in another format; an option
is exercised. Device-hours stay unless a ratio is named; operations follow the dense peaks of the
catalogue. What is supposed is known from the day asked, never before. Whatever comes of it is
hypothetical.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, timedelta
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from ledger.errors import InputError, UnitError
from ledger.forecast import Flow
from ledger.hardware import Catalogue
from ledger.journeys.outlays import Outlay
from ledger.journeys.share import given_up
from ledger.quantity import parse_number

__all__ = ["CHANGES", "Supposed", "substitute_of", "suppose"]

Kind: TypeAlias = Literal["reallocate", "slip", "substitute", "precision", "exercise"]
CHANGES: Final[tuple[Kind, ...]] = ("reallocate", "slip", "substitute", "precision", "exercise")
_NOBODY: Final = "none"
_DAYS_MAX: Final = 3_650
_Make: TypeAlias = Callable[[Outlay, str], Iterator[Outlay]]


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
            "reallocate": f"{self.contract} meant for {self._meant()}",
            "slip": f"{self.contract} delivered {self._moved()}",
            "substitute": f"{self.contract} delivered as {self.value}",
            "precision": f"{self.contract} used in {self.value}",
            "exercise": f"{self.contract} exercised",
        }
        return words[self.kind]

    def _meant(self) -> str:
        """Say for which model, and how much of each month."""
        model, at, share = self.value.partition("@")
        return f"{model}, {share} of each month" if at else model

    def _moved(self) -> str:
        """Say by how much a delivery slips."""
        earlier = self.value.startswith("-")
        return f"{self.value.removeprefix('-')} days {'earlier' if earlier else 'later'}"


def suppose(
    outlays: Sequence[Outlay], changes: Sequence[Supposed], catalogue: Catalogue, as_of: date
) -> tuple[Outlay, ...]:
    """Return the outlays with changes, one after the other.

    Args:
        outlays: What is still to come.
        changes: What is supposed.
        catalogue: Knows dense peaks.
        as_of: Day from which it is looked at, and on which what is supposed becomes known.

    Raises:
        InputError: If a change names no contract with something to come, or cannot be made.
        ConflictError: If a share is supposed of a window whose device time is not known.
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
        make = _maker(change, found, catalogue, as_of)
        found = tuple(_changed(found, change, make))
    return found


def substitute_of(value: str, catalogue: Catalogue) -> tuple[str, Fraction]:
    """Return the device of a substitution, and how many of it stand for one of those agreed.

    Raises:
        InputError: If it is not written as ``DEVICE`` or ``DEVICE:RATIO``.
        MissingError: If the catalogue does not know the device.
    """
    name, colon, text = value.partition(":")
    return catalogue.find(name).id, _share(text, most=None) if colon else Fraction(1)


def _changed(outlays: Sequence[Outlay], change: Supposed, make: _Make) -> Iterator[Outlay]:
    """Yield outlays with one change."""
    for each in outlays:
        if each.contract == change.contract and not each.overdue:
            yield from make(each, change.value)
        else:
            yield each


def _maker(change: Supposed, outlays: Sequence[Outlay], catalogue: Catalogue, as_of: date) -> _Make:
    """Return what makes a change of outlays."""
    makers: Mapping[Kind, Callable[[], _Make]] = {
        "reallocate": lambda: _reallocation(change, outlays, as_of),
        "slip": lambda: lambda each, value: _slipped(each, value, as_of),
        "substitute": lambda: lambda each, value: _substituted(each, value, catalogue, as_of),
        "precision": lambda: lambda each, value: _recast(each, value, catalogue, as_of),
        "exercise": lambda: lambda each, _: _exercised(each, as_of),
    }
    return makers[change.kind]()


def _reallocation(change: Supposed, outlays: Sequence[Outlay], as_of: date) -> _Make:
    """Return what means a share of each window for another model, as an allocation would.

    Raises:
        InputError: If the share is none, or no model is named.
        ConflictError: If it is of a window whose device time is not known.
    """
    name, at, text = change.value.partition("@")
    if not name.strip():
        raise InputError(
            f"{change.value[:40]!r} names no model", remedy="write owl-1@1/4, or none for no model"
        )
    share, model = _share(text) if at else Fraction(1), None if name == _NOBODY else name
    windows: dict[tuple[date, date], list[Outlay]] = {}
    for each in outlays:
        if each.contract == change.contract and not each.overdue:
            windows.setdefault((each.flow.start, each.flow.end), []).append(each)
    moved = {}
    for (start, end), held in windows.items():
        others = [each.device_us for each in held if each.model != model]
        own = (each.device_us for each in held if each.model == model)
        what = f"{change.contract!r} from {start} until {end}"
        moved[start, end] = given_up(share, others, own, what) if others else Fraction(0)
    return lambda each, _: _reallocated(each, model, moved[each.flow.start, each.flow.end], as_of)


def _reallocated(each: Outlay, model: str | None, share: Fraction, as_of: date) -> Iterator[Outlay]:
    """Yield the share that another model gets, known from the day asked, and the rest."""
    if model == each.model or share == 0:
        yield each
        return
    yield _scaled(replace(each, model=model, agreed_on=as_of), share)
    if share < 1:
        yield _scaled(each, 1 - share)


def _slipped(each: Outlay, value: str, as_of: date) -> Iterator[Outlay]:
    """Yield the same capacity some days later, or earlier, but never before the day asked."""
    digits, flow = value.removeprefix("-"), each.flow
    if not digits.isascii() or not digits.isdigit() or int(digits) > _DAYS_MAX:
        raise InputError(f"{value[:40]!r} is no number of days", remedy="write 30, or -30")
    by = timedelta(days=int(value))
    if date.max - flow.end < by:
        raise InputError(
            f"{each.contract} would be delivered after the year {MAXYEAR}",
            why="there is no such day",
            remedy="suppose fewer days",
        )
    most = (flow.start - as_of).days - 1
    if by < timedelta(days=-most):
        raise InputError(
            f"{each.contract} cannot be delivered {digits} days earlier",
            why=f"what is to come from {flow.start} on would come by {as_of}, the day asked",
            remedy=f"suppose at most {most} days: --slip {each.contract}=-{most}"
            if most
            else "suppose a later delivery",
        )
    yield replace(each, flow=replace(flow, start=flow.start + by, end=flow.end + by))


def _substituted(each: Outlay, value: str, catalogue: Catalogue, as_of: date) -> Iterator[Outlay]:
    """Yield the same device-hours, times a ratio if one is named, on another device."""
    device, ratio = substitute_of(value, catalogue)
    before = _peak(catalogue, each.device, each.precision, each.sparsity)
    after = _peak(catalogue, device, each.precision, each.sparsity)
    changed = replace(each, device=device)
    yield from _remade(changed, Fraction(after, before) * ratio, ratio, as_of)


def _recast(each: Outlay, value: str, catalogue: Catalogue, as_of: date) -> Iterator[Outlay]:
    """Yield the same device-hours in another operand format."""
    before = _peak(catalogue, each.device, each.precision, each.sparsity)
    after = _peak(catalogue, each.device, value, each.sparsity)
    changed = replace(each, precision=value)
    yield from _remade(changed, Fraction(after, before), Fraction(1), as_of)


def _remade(each: Outlay, share: Fraction, hours: Fraction, as_of: date) -> Iterator[Outlay]:
    """Yield an outlay with its operations and its hours times a share.

    What comes on top of the operations agreed is known only from the day asked.
    """
    if share <= 1:
        yield _scaled(each, share, hours=hours)
        return
    yield _scaled(each, Fraction(1), hours=hours / share)
    yield _scaled(replace(each, agreed_on=as_of), share - 1, hours=hours - hours / share)


def _exercised(each: Outlay, as_of: date) -> Iterator[Outlay]:
    """Yield an option as exercised on the day asked, unless it was before."""
    if each.kind != "option":
        raise InputError(
            f"{each.contract!r} is a {each.kind}, which nobody exercises",
            remedy="name an option",
        )
    yield each if each.counts else replace(each, counts=True, agreed_on=as_of)


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
