"""A timeline shows duties by day: what is late, what is due, what was filed, each by its sign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from matplotlib.axes import Axes

from ledger.journeys.deadlines import Deadline, State
from ledger.report.chart import COLOURS, DIM, INK, RULE, chart, day_ticks, short

__all__ = ["timeline_chart"]

_LABEL: Final = 44
_TICKS_MAX: Final = 5  # long names leave little room
_EDGE: Final = timedelta(days=14)
_SIGNS: Final[dict[State, tuple[str, str, str]]] = {
    "overdue": ("X", COLOURS[1], "late"),
    "runs_on": ("D", COLOURS[3], "past its day, runs on"),
    "due": ("o", COLOURS[0], "due"),
    "closed": ("s", COLOURS[2], "filed"),
}


def timeline_chart(name: str, held: Sequence[Deadline], as_of: date) -> str:
    """Return the chart of some deadlines, all of which have a day.

    Args:
        name: Its id on the page.
        held: The deadlines, in order of days.
        as_of: Day from which they are looked at.
    """
    told = "; ".join(
        f"{each.on} {each.obligation.id} of {each.determination.subject}, {_SIGNS[each.state][2]}"
        for each in held
    )
    return chart(
        name,
        lambda axes: _draw(axes, held, as_of),
        height=0.9 + 0.3 * len(held),
        title=f"Duties by day, seen from {as_of}",
        description=f"{told}.",
    )


def _draw(axes: Axes, held: Sequence[Deadline], as_of: date) -> None:
    """Draw the deadlines, the earliest on top."""
    days = [as_of, *(day for each in held for day in (each.on, each.runs_on_to) if day)]
    first, last = min(days) - _EDGE, max(days) + _EDGE
    axes.set_xlim(first.toordinal(), last.toordinal())
    axes.axvline(as_of.toordinal(), color=INK, linewidth=1, linestyle=(0, (4, 2)))
    axes.annotate(
        f"as of {as_of}",
        (as_of.toordinal(), -0.5),
        xytext=(3, -2),
        textcoords="offset points",
        fontsize=8,
        va="top",
    )
    named = set[State]()
    for place, each in enumerate(held, 1):
        _mark(axes, each, place, None if each.state in named else _SIGNS[each.state][2])
        named.add(each.state)
    labels = [short(f"{e.obligation.id} · {e.determination.subject}", _LABEL) for e in held]
    axes.set_yticks(range(1, len(held) + 1), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(held) + 0.6, -0.6)
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    day_ticks(axes, first, last, most=_TICKS_MAX)


def _mark(axes: Axes, each: Deadline, place: int, label: str | None) -> None:
    """Mark one deadline with its day, and the day to which it runs on."""
    assert each.on is not None
    sign, colour, _ = _SIGNS[each.state]
    x = each.on.toordinal()
    if each.runs_on_to is not None:
        axes.plot([x, each.runs_on_to.toordinal()], [place, place], color=DIM, linewidth=3)
    axes.plot([x], [place], marker=sign, color=colour, markersize=6, ls="", label=label)
    first, last = axes.get_xlim()
    right = (x - first) * 3 > (last - first) * 2
    axes.annotate(
        str(each.on),
        (x, place),
        xytext=(-8 if right else 8, 0),
        textcoords="offset points",
        ha="right" if right else "left",
        va="center",
        fontsize=8,
    )
