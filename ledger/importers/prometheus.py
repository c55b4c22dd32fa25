"""Prometheus: for how long devices were there and how busy, from the samples of their exporters.

A share of cycles at whatever clock is no count of operations: none is made of it. Page:
``schemas/source-prometheus.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger.hardware import Catalogue
from ledger.importers.line_stream import LineStream
from ledger.importers.mapped_importer import Kind, MappedImporter, by_opening
from ledger.importers.mapping import Map
from ledger.importers.prometheus_json import JsonSamples, claims_json
from ledger.importers.prometheus_text import TextSamples, claims_text
from ledger.importers.sampled_legs import Maker
from ledger.importers.sampled_reading import SampledReader, SampledSaid
from ledger.importers.source_file import opening
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER"]

_JSON: Final = re.compile(r'\[|\{\s*"')  # a line of a dump begins {__name__=
_MAKER: Final = Maker(
    name="prometheus",
    version="4",
    told_apart=("namespace", "hpc_job"),
    run=("hpc_job", "pod"),
    hidden={"run_name": "pod", "cluster": "hostname", "cost_centre": "namespace"},
)


def _claims(text: str) -> bool:
    """Whether this is an answer of Prometheus, or names a figure of DCGM."""
    return claims_json(text) or claims_text(text)


def _read(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, mapping: Map | None
) -> Reading:
    """Read one file once; what it says a day is kept, its samples are not."""
    stream = LineStream(path)
    asked = frozenset[str]() if mapping is None else mapping.wanted
    start = opening(read_head(path, HEAD_MAX)).lstrip() if path.is_file() else ""
    source = JsonSamples(stream, asked) if _JSON.match(start) else TextSamples(stream, asked)
    reader = SampledReader(stream, SampledSaid.of(settings), catalogue, mapping, _MAKER)
    return reader.reading(source)


IMPORTER = MappedImporter(
    Kind(
        name=_MAKER.name,
        version=_MAKER.version,
        settings=frozenset({"model", "role", "step"}),
        noun="samples of Prometheus",
        remedy="keep answers of /api/v1/query_range there",
        claims=by_opening(_claims),
        reads=_read,
    )
)
