"""A chart is a drawing as inline SVG, in the colours of the page it stands on.

Colours are put in as names of the page's style, so that light, dark and paper each show their own.
Text stays text. The same drawing gives the same bytes, and nothing in it refers outside.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from html import escape
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ledger.report.table import visible

__all__ = ["COLOURS", "DIM", "FAN", "INK", "PAPER", "RULE", "Chart", "chart", "day_ticks", "short"]

INK: Final = "#010101"
DIM: Final = "#020202"
RULE: Final = "#030303"
FAN: Final = "#040404"
PAPER: Final = "#0a0a0a"
COLOURS: Final = ("#050505", "#060606", "#070707", "#080808", "#090909")
_NAMES: Final = {
    INK: "ink",
    DIM: "dim",
    RULE: "rule",
    FAN: "fan",
    PAPER: "paper",
    **{colour: f"c{place}" for place, colour in enumerate(COLOURS, 1)},
}
_WIDTH: Final = 7.4  # inches; the page scales it
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name with $ in it is a name
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": DIM,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": DIM,
    "ytick.color": DIM,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.6,
}
_TICKS_MAX: Final = 8
_MONTHS_MIN: Final = 3
_LEGEND_COLUMNS: Final = 3
_OUTSIDE: Final = re.compile(
    r"^.*?(?=<svg)|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL
)
_NAMESPACE: Final = re.compile(r'\sxmlns(:\w+)?="[^"]*"')
_ID: Final = re.compile(r'(\sid="|href="#|url\(#)')
_OPENING: Final = re.compile(r'<svg[^>]*?viewBox="([^"]*)"[^>]*>')
Chart = Callable[[Axes], None]
"""Draws into axes."""


def chart(name: str, draw: Chart, *, height: float, title: str, description: str) -> str:
    """Return a drawing as an SVG element.

    Args:
        name: Its id on the page; the ids of its parts begin with it.
        draw: Draws it.
        height: Inches.
        title: What it shows, read out in the place of the picture.
        description: The figures in it, read out after the title.
    """
    with _drawing(name):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        axes = figure.add_subplot()
        axes.patch.set_visible(False)
        draw(axes)
        if axes.get_legend_handles_labels()[1]:
            figure.legend(
                loc="outside lower left", frameon=False, fontsize=8, ncols=_LEGEND_COLUMNS
            )
        held = io.StringIO()
        figure.savefig(held, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(held.getvalue(), name, title, description)


def short(words: str, most: int = 30) -> str:
    """Return a name that fits into a chart; what is cut out of the middle stands in the table."""
    words = visible(words).replace("\n", " ")
    half = (most - 1) // 2
    return words if len(words) <= most else f"{words[:half]}…{words[-half:]}"


def day_ticks(axes: Axes, first: date, last: date, *, most: int = _TICKS_MAX) -> None:
    """Mark at most so many beginnings of months between two days; else the days themselves."""
    months = []
    day = first.replace(day=1)
    while day <= last:
        if day >= first:
            months.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    if len(months) < _MONTHS_MIN:
        days = [first, first + (last - first) // 2, last]
        axes.set_xticks([each.toordinal() for each in days], [str(each) for each in days])
        return
    shown = months[:: max(1, -(-len(months) // most))]
    axes.set_xticks([each.toordinal() for each in shown], [f"{each:%Y-%m}" for each in shown])


@contextmanager
def _drawing(name: str) -> Iterator[None]:
    """Draw with our settings alone, whatever the user's are."""
    with mpl.rc_context(), warnings.catch_warnings():
        # A sign that the measuring font lacks is shown by the reader's.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        mpl.rcParams["svg.hashsalt"] = name
        yield


def _inline(svg: str, name: str, title: str, description: str) -> str:
    """Return an SVG file as an element of a page."""
    svg = _OUTSIDE.sub("", svg).replace("xlink:href", "href")
    svg = _NAMESPACE.sub("", svg)
    svg = _ID.sub(rf"\g<1>{name}-", svg)
    for colour, variable in _NAMES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    told = (
        f'<title id="{name}-t">{escape(visible(title))}</title>'
        f'<desc id="{name}-d">{escape(visible(description))}</desc>'
    )
    opening = rf'<svg role="img" aria-labelledby="{name}-t {name}-d" viewBox="\1">'
    head, box, rest = _OPENING.split(svg, maxsplit=1)
    assert not head.strip()
    return opening.replace(r"\1", box) + told + rest.strip()
