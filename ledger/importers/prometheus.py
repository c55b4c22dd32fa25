"""Prometheus: for how long devices were there and how busy, from the samples of their exporters.

A share of cycles at whatever clock is no count of operations: none is made of it. Page:
``schemas/source-prometheus.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger.errors import MissingError
from ledger.hardware import Catalogue
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Map
from ledger.importers.prometheus_json import JsonSamples, claims_json
from ledger.importers.prometheus_text import TextSamples, claims_text
from ledger.importers.sampled_legs import Maker
from ledger.importers.sampled_reading import SampledReader, SampledSaid
from ledger.importers.source_file import find_files, opening
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "PrometheusImporter"]

_JSON: Final = re.compile(r'\[|\{\s*"')  # a line of a dump begins {__name__=
_MAKER: Final = Maker(
    name="prometheus",
    version="2",
    told_apart=("namespace", "hpc_job"),
    run=("hpc_job", "pod"),
    hidden={"run_name": "pod", "cluster": "hostname", "cost_centre": "namespace"},
)


class PrometheusImporter:
    """Reads answers to range queries and dumps with times; see `Importer`."""

    name = _MAKER.name
    version = _MAKER.version
    settings = frozenset({"model", "role", "step"})

    def __init__(self, mapping: Map | None = None) -> None:
        """Read by a map, if there is one."""
        self._map = mapping

    def with_map(self, mapping: Map) -> PrometheusImporter:
        """Return the importer that reads by a map."""
        return PrometheusImporter(mapping)

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether this is an answer of Prometheus, or names a figure of DCGM."""
        if path.is_dir():
            files = (p for p in path.iterdir() if p.is_file())
            return any(self.claims(read_head(p, HEAD_MAX), p) for p in files)
        text = opening(head)
        return claims_json(text) or claims_text(text)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The file, or the exports of a directory."""
        if path.is_file():
            return (path,)
        found = find_files(path, lambda _: True, "files")
        mine = tuple(p for p in found if self.claims(read_head(p, HEAD_MAX), p))
        if not mine:
            raise MissingError(
                "the directory holds no samples of Prometheus",
                where=str(path),
                remedy="keep answers of /api/v1/query_range there",
            )
        return mine

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads one file once; what it says a day is kept, its samples are not."""
        said = {**({} if self._map is None else self._map.file.settings), **settings}
        stream = LineStream(path)
        asked = frozenset[str]() if self._map is None else self._map.wanted
        start = opening(read_head(path, HEAD_MAX)).lstrip() if path.is_file() else ""
        source = JsonSamples(stream, asked) if _JSON.match(start) else TextSamples(stream, asked)
        reader = SampledReader(stream, SampledSaid.of(said), catalogue, self._map, _MAKER)
        return reader.reading(source)


IMPORTER = PrometheusImporter()
