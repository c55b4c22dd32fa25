"""A bar chart shows shares or amounts side by side: evidence by grade, and capacity by grade."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matplotlib.axes import Axes

from ledger.report.chart import COLOURS, INK, PAPER, RULE, chart, short

__all__ = ["amounts_chart", "shares_chart"]

_HATCHES = ("", "///", "...", "xxx", "\\\\\\")
_LETTER_MIN = Fraction(4, 100)  # a narrower part has no room for its letter
_LABEL = 34


def shares_chart(name: str, rows: Sequence[tuple[str, dict[str, Fraction]]], *, title: str) -> str:
    """Return bars of full length, each cut into shares that are told apart by letter and hatch.

    Args:
        name: Its id on the page.
        rows: What each bar is of, with its shares of 1 by letter; every bar has the same letters.
        title: What it shows.
    """
    told = "; ".join(
        f"{label}: "
        + ", ".join(f"{letter} {float(share):.1%}" for letter, share in shares.items() if share)
        for label, shares in rows
    )
    return chart(
        name,
        lambda axes: _draw_shares(axes, rows),
        height=_height(len(rows)) + 0.4,
        title=title,
        description=f"{told}.",
    )


def amounts_chart(
    name: str, rows: Sequence[tuple[str, Fraction, str]], *, title: str, unit: str
) -> str:
    """Return bars from nothing, each with its amount written beside it.

    Args:
        name: Its id on the page.
        rows: What each bar is of, how much it is, and how that is written.
        title: What it shows.
        unit: Of the amounts.
    """
    told = "; ".join(f"{label}: {words} {unit}" for label, _, words in rows)
    return chart(
        name,
        lambda axes: _draw_amounts(axes, rows, unit),
        height=_height(len(rows)),
        title=title,
        description=f"{told}.",
    )


def _draw_shares(axes: Axes, rows: Sequence[tuple[str, dict[str, Fraction]]]) -> None:
    """Draw shares."""
    letters = list(rows[0][1])
    for place, (_, shares) in enumerate(rows):
        begin = Fraction(0)
        for letter, share in shares.items():
            colour = COLOURS[letters.index(letter)]
            if share:
                axes.barh(
                    place,
                    float(share),
                    left=float(begin),
                    height=0.6,
                    facecolor="none",
                    edgecolor=colour,
                    hatch=_HATCHES[letters.index(letter)],
                )
                if share >= _LETTER_MIN:
                    _letter(axes, float(begin + share / 2), place, letter)
            begin += share
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    _labels(axes, [label for label, _ in rows])


def _letter(axes: Axes, x: float, y: int, letter: str) -> None:
    """Write the letter of a share into it."""
    axes.annotate(
        letter,
        (x, y),
        ha="center",
        va="center",
        color=INK,
        fontweight="bold",
        bbox={"boxstyle": "round,pad=0.2", "facecolor": PAPER, "edgecolor": "none"},
    )


def _draw_amounts(axes: Axes, rows: Sequence[tuple[str, Fraction, str]], unit: str) -> None:
    """Draw amounts."""
    most = max((value for _, value, _ in rows), default=Fraction(0)) or Fraction(1)
    for place, (_, value, words) in enumerate(rows):
        axes.barh(place, float(value / most), height=0.6, color=COLOURS[0], alpha=0.6)
        axes.annotate(
            words,
            (float(value / most), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_xlim(0, 1.2)
    axes.set_xticks([])
    axes.set_xlabel(unit)
    axes.spines["bottom"].set_visible(False)
    _labels(axes, [label for label, _, _ in rows])


def _labels(axes: Axes, labels: Sequence[str]) -> None:
    """Name the bars, the first on top."""
    axes.set_yticks(range(len(labels)), [short(label, _LABEL) for label in labels])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(visible=True, axis="x", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)


def _height(rows: int) -> float:
    """Return the height of so many bars, in inches."""
    return 0.55 + 0.34 * rows
