"""A growth chart is a curve of operations against the lines of the law, with what is still to come.

The axis is logarithmic. The solid steps are what was surely done, the ribbon is the stated error,
and the dashed fan is what is signed: by utilisation inside, with the error of the start outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from ledger.forecast import Crossing, End, level
from ledger.journeys.curve import Curve
from ledger.journeys.forecasting import Forecast
from ledger.report.briefing_words import amount
from ledger.report.chart import COLOURS, FAN, INK, RULE, chart, day_ticks, short

__all__ = ["growth_chart"]

_FAN_STEPS: Final = 48
_BEFORE_DAYS: Final = 45  # shown before the first work
_HEIGHT: Final = 3.7
_DECADES_MAX: Final = 9
_FEW: Final = 4  # so few points are marked, or nobody sees them
_ENDS: Final[tuple[tuple[str, End], ...]] = (
    ("last", "low"),
    ("low", "low"),
    ("point", "point"),
    ("high", "high"),
    ("first", "high"),
)
_BANDS: Final = (
    ("last", "first", 0.14, "signed, with the error of the start"),
    ("low", "high", 0.3, "signed, by utilisation"),
)


@dataclass(frozen=True, slots=True)
class _Fan:
    """What is still to come, day by day, at each end.

    Attributes:
        days: Days from that of the report on.
        ends: Totals by ``last``, ``low``, ``point``, ``high`` and ``first``; None if not known.
    """

    days: tuple[date, ...]
    ends: dict[str, tuple[Fraction, ...] | None]


def growth_chart(name: str, curve: Curve) -> str:
    """Return the chart of one curve.

    Args:
        name: Its id on the page.
        curve: The curve.
    """
    title = f"Operations of {curve.subject} against the lines of the law, on a logarithmic axis"
    return chart(
        name,
        lambda axes: _draw(axes, curve),
        height=_HEIGHT,
        title=title,
        description=_described(curve),
    )


def _draw(axes: Axes, curve: Curve) -> None:
    """Draw one curve."""
    fan = _fan(curve)
    first = curve.points[0].day - timedelta(days=_BEFORE_DAYS)
    last = max(curve.points[-1].day, fan.days[-1] if fan else first)
    bottom, top = _range(curve, fan)
    axes.set_yscale("log")
    axes.set_ylim(float(bottom), float(top))
    axes.set_xlim(first.toordinal(), last.toordinal() + (last - first).days * 0.04)
    _lines(axes, curve, bottom, top, first)
    _done(axes, curve, bottom, top)
    if fan is not None:
        _ahead(axes, curve, fan, bottom)
    _axis(axes, bottom, top)
    day_ticks(axes, first, last)


def _done(axes: Axes, curve: Curve, bottom: int, top: int) -> None:
    """Draw what was done."""
    days = [each.day.toordinal() for each in curve.points]
    few = "o" if len(days) <= _FEW else ""
    sure = [float(max(each.legal.lo, bottom)) for each in curve.points]
    low = [float(max(each.error.lo, bottom)) for each in curve.points]
    high = [float(_upper(each.error.hi, bottom, top)) for each in curve.points]
    axes.fill_between(
        days,
        low,
        high,
        step="post",
        color=COLOURS[0],
        alpha=0.2,
        linewidth=0,
        label="stated error",
    )
    # Before the first record there was nothing.
    axes.step(
        [days[0], *days],
        [float(bottom), *sure],
        where="post",
        color=COLOURS[0],
        linewidth=1.8,
        marker=few,
        label="done, surely",
    )


def _upper(high: int | None, bottom: int, top: int) -> int:
    """Return an upper end that can be drawn; what has no end reaches the edge."""
    return top if high is None else max(high, bottom)


def _ahead(axes: Axes, curve: Curve, fan: _Fan, bottom: int) -> None:
    """Draw what is still to come, and where it crosses lines."""
    days = [each.toordinal() for each in fan.days]

    def drawn(end: str) -> list[float] | None:
        held = fan.ends[end]
        return None if held is None else [float(max(each, Fraction(bottom))) for each in held]

    for lower, upper, shade, label in _BANDS:
        low, high = drawn(lower), drawn(upper)
        if low is not None and high is not None:
            axes.fill_between(days, low, high, color=FAN, alpha=shade, linewidth=0, label=label)
            for edge in (low, high):
                axes.plot(days, edge, color=FAN, linewidth=0.7, linestyle=(0, (2, 2)))
    point = drawn("point")
    if point is not None:
        axes.plot(days, point, color=FAN, linewidth=1.6, linestyle="--", label="signed, expected")
    for each in _crossing(curve):
        instant = each.band.point.instant
        if instant is not None:
            axes.plot(
                [instant.date().toordinal()], [float(each.line)], marker="D", color=INK, ls=""
            )
            axes.annotate(
                str(instant.date()),
                (instant.date().toordinal(), float(each.line)),
                xytext=(-6, 6),
                textcoords="offset points",
                ha="right",
                fontsize=8,
            )


def _crossing(curve: Curve) -> tuple[Forecast, ...]:
    """Return the forecasts of the curve, one for each line."""
    return tuple({each.line: each for each in curve.forecasts}.values())


def _lines(axes: Axes, curve: Curve, bottom: int, top: int, first: date) -> None:
    """Draw the lines of the law, each once however many rules draw it there."""
    for place, (line, rules) in enumerate(_lines_of(curve).items()):
        if not bottom <= line <= top:
            continue
        styles = ("-", (0, (6, 2)), (0, (2, 2)), (0, (6, 2, 1, 2)))
        axes.axhline(float(line), color=COLOURS[1], linewidth=1, linestyle=styles[place % 4])
        more = f" + {len(rules) - 1}" if len(rules) > 1 else ""
        axes.annotate(
            f"{amount(str(line))}  {short(rules[0], 40)}{more}",
            (first.toordinal(), float(line)),
            xytext=(4, 3),
            textcoords="offset points",
            fontsize=8,
            color=COLOURS[1],
        )


def _lines_of(curve: Curve) -> dict[Fraction, list[str]]:
    """Return the rules that draw a line, by the line, the lowest first."""
    found: dict[Fraction, list[str]] = {}
    for d in curve.lines:
        found.setdefault(Fraction(d.threshold or "0"), []).append(f"{d.regime}/{d.rule}")
    return dict(sorted(found.items()))


def _range(curve: Curve, fan: _Fan | None) -> tuple[int, int]:
    """Return the least and the greatest total to show: powers of ten around all that is there."""
    lines = list(_lines_of(curve))
    seen = [Fraction(each.error.lo) for each in curve.points]
    seen += [Fraction(each.error.hi) for each in curve.points if each.error.hi is not None]
    for held in fan.ends.values() if fan else ():
        seen += [] if held is None else [held[-1]]
    positive = [each for each in (*seen, *lines) if each > 0] or [Fraction(1)]
    top = 10 ** (len(str(int(max(positive)))) + (1 if max(positive) in lines else 0))
    least = int(min([each for each in positive if each * 10**_DECADES_MAX >= top]))
    bottom = 10 ** max(0, len(str(least)) - 1)
    return bottom if least > bottom else max(1, bottom // 10), top


def _axis(axes: Axes, bottom: int, top: int) -> None:
    """Mark the powers of ten, written as they can be copied."""
    powers = list(range(len(str(bottom)) - 1, len(str(top))))
    shown = powers[:: max(1, -(-len(powers) // _DECADES_MAX))]
    axes.set_yticks([float(10**power) for power in shown], [f"10^{power}" for power in shown])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("operations")
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)


def _fan(curve: Curve) -> _Fan | None:
    """Return what is still to come; None if nothing is, or no line is ahead."""
    found = curve.forecasts[0] if curve.forecasts else None
    if found is None or not found.flows:
        return None
    begin = curve.points[-1].day
    end = max(flow.end for flow in found.flows)
    length = (end - begin).days
    edges = {day for flow in found.flows for day in (flow.start, flow.end) if day >= begin}
    days = sorted(
        edges
        | {begin + timedelta(days=length * step // _FAN_STEPS) for step in range(_FAN_STEPS + 1)}
    )
    return _Fan(tuple(days), {name: _levels(found, days, name, end_) for name, end_ in _ENDS})


def _levels(
    found: Forecast, days: Sequence[date], start: str, end: End
) -> tuple[Fraction, ...] | None:
    """Return the totals at one end; None if they are not known."""
    base = found.base[start]
    if base is None:
        return None
    held = [level(base, found.flows, day, end) for day in days]
    known = [each for each in held if each is not None]
    return tuple(known) if len(known) == len(held) else None


def _described(curve: Curve) -> str:
    """Return the figures of the chart, to be read out."""
    last = curve.points[-1]
    high = "no upper end" if last.error.hi is None else amount(str(last.error.hi), up=True)
    parts = [
        (
            f"By {last.day}: {amount(str(last.legal.lo))} surely done, stated error "
            f"{amount(str(last.error.lo))} to {high}"
        )
    ]
    parts += [
        f"line {amount(str(line))}: {', '.join(rules)}" for line, rules in _lines_of(curve).items()
    ]
    for each in _crossing(curve):
        parts.append(f"{amount(str(each.line))} {_when(each.band.point)}")
    return "; ".join(parts) + "."


def _when(point: Crossing) -> str:
    """Return when a line is crossed as expected, in words."""
    if (instant := point.instant) is not None:
        return f"is crossed {'by' if point.unbounded else 'on'} {instant.date()} UTC"
    if point.undated:
        return "is reached only with what windows that are over still owe"
    if point.unbounded:
        return "may be reached: how much is to come is not known"
    return "is not reached by what is signed"
