"""Labels tell which device a series is of and what it served, and which figure it states."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from ledger.importers.mapping import Words
from ledger.importers.sampled_series import Remark, Series

__all__ = ["FIGURES", "NAME_LABEL", "SeriesBook", "labels_of"]

NAME_LABEL: Final = "__name__"

FIGURES: Final[Mapping[str, tuple[str, int]]] = {
    "dcgm_fi_prof_gr_engine_active": ("busy", 1),
    "dcgm_fi_prof_sm_active": ("sm", 1),
    "dcgm_fi_prof_pipe_tensor_active": ("tensor", 1),
    "dcgm_fi_dev_gpu_util": ("resident", 100),
    "nvml_gpm_metric_graphics_util": ("gpm_busy", 100),
    "nvml_gpm_metric_sm_util": ("gpm_sm", 100),
    "nvml_gpm_metric_any_tensor_util": ("gpm_tensor", 100),
}
"""Metric in lower case to what it says and the value that stands for all of it.

No two metrics share a name, since a device may have both.
"""

_KEPT: Final = (
    *("uuid", "gpu", "hostname", "modelname", "gpu_i_id", "gpu_i_profile"),
    *("namespace", "pod", "container", "hpc_job"),
)
_OTHER_NAMES: Final = {"instance_uuid": "uuid", "model_name": "modelname", "model": "modelname"}
_EXPORTED: Final = "exported_"
_LABEL: Final = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_.:]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE: Final = re.compile(r"\\(.)")


class SeriesBook:
    """The series of a file, numbered as they come."""

    def __init__(self, asked: Collection[str]) -> None:
        """Begin with none.

        Args:
            asked: Labels, in lower case, that a map asks for beside those that tell devices apart.
        """
        self.series: list[Series] = []
        self._left_out: set[str] = set()
        self._asked = tuple(sorted(frozenset(asked) - {*_KEPT, "type"}))
        self._said: dict[Words, set[Words]] = {}
        self._numbers: dict[Series, int] = {}

    def number(self, labels: Mapping[str, str]) -> int | None:
        """Return the number of a series, or None if its figure says nothing of presence.

        Labels of the scrape, such as the address of an exporter, tell no device apart, so that
        two servers that scraped one device give one series.

        Args:
            labels: Name to value, the name of the metric under ``__name__``.
        """
        metric = labels.get(NAME_LABEL, "")
        found = FIGURES.get(metric.lower())
        if found is None:
            if len(self._left_out) < 1000:  # noqa: PLR2004 - names enough to tell
                self._left_out.add(metric)
            return None
        lower = _lowered(labels)
        series = Series(_stated(lower, _KEPT), *found)
        self._said.setdefault(series.words, set()).add(_stated(lower, self._asked))
        number = self._numbers.setdefault(series, len(self.series))
        if number == len(self.series):
            self.series.append(series)
        return number

    def said(self, words: Words) -> list[Words]:
        """Return the labels that a map asks for, as the series of one device state them, in order.

        They tell no device apart: another map must not make other devices of the same ones.
        """
        return sorted(self._said[words])

    def remarks(self) -> Iterator[Remark]:
        """Yield which figures were left out."""
        if self._left_out:
            names = ", ".join(sorted(self._left_out)[:20])
            message = f"figures that say nothing of presence, left out: {names or 'without a name'}"
            yield Remark("note", "left-out", message, "")


def labels_of(text: str) -> dict[str, str] | None:
    """Return the labels between the braces of a series, or None if they are none.

    Args:
        text: ``gpu="0",UUID="GPU-…"``; values may hold escapes.
    """
    labels: dict[str, str] = {}
    at = 0
    while at < len(text.rstrip()):
        found = _LABEL.match(text, at)
        if found is None or found[1] in labels:
            return None
        labels[found[1]] = _ESCAPE.sub(lambda e: "\n" if e[1] == "n" else e[1], found[2])
        at = found.end()
    return labels


def _lowered(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels by our names, those of the device before those of its exporter."""
    lower = {name.lower(): value for name, value in labels.items()}
    for other, ours in _OTHER_NAMES.items():
        if other in lower:
            lower.setdefault(ours, lower[other])
    for name in [n for n in lower if n.startswith(_EXPORTED)]:
        lower[name.removeprefix(_EXPORTED)] = lower[name]
    return lower


def _stated(labels: Mapping[str, str], names: Iterable[str]) -> Words:
    """Return the labels of these names that are not empty, in their order."""
    return tuple((name, labels[name]) for name in names if labels.get(name))
