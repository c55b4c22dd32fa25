"""Tables for the tests of importing: a good row, its changes, and the rules that reading needs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from ledger.hardware import Catalogue
from ledger.importers.csv import IMPORTER
from ledger.journeys.importing import Reading
from ledger.pack import PACK_NAME, Pack, packed_bytes
from ledger.yamltree import parse_tree

RULES = Path(__file__).resolve().parent.parent / "rules"
NEEDED = (
    "hardware/accelerators.yaml",
    "hardware/instances.yaml",
    "hardware/references.yaml",
    "vocabulary/activities.yaml",
    "vocabulary/facts.yaml",
)

ROW = {
    "run": "r-7",
    "model": "falcon-2",
    "activity": "pretrain",
    "start": "2026-03-01T00:00:00Z",
    "end": "2026-03-01T06:00:00Z",
    "device": "nvidia-h100-sxm5",
    "devices": "512",
    "precision": "bf16",
    "sparsity": "dense",
    "operations": "38*10^20",
}
"""A row with nothing to complain about."""


@cache
def pack() -> Pack:
    """The catalogue and the vocabulary that ship, without the law around them."""
    return Pack.of({n: parse_tree((RULES / n).read_text("utf-8"), where=n) for n in NEEDED})


@cache
def catalogue() -> Catalogue:
    """The devices that ship."""
    return Catalogue.from_pack(pack())


@cache
def _packed() -> bytes:
    """The canonical pack of the rules that importing reads."""
    with tempfile.TemporaryDirectory() as folder:
        return packed_bytes(_copied(Path(folder)))


def _copied(folder: Path) -> Path:
    """Copies the rule files that importing reads."""
    for name in NEEDED:
        target = folder / "rules" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RULES / name, target)
    return folder / "rules"


def small_rules(folder: Path) -> Path:
    """Lays down the rules that importing reads, so that no command parses all the law."""
    rules = _copied(folder)
    (rules / PACK_NAME).write_bytes(_packed())
    return rules


def csv_text(*changes: Mapping[str, str | None], columns: Sequence[str] = ()) -> str:
    """The CSV of one row for each mapping of changes to `ROW`; None takes a cell away."""
    rows = [{**ROW, **change} for change in changes]
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names)]
    lines += [",".join(row.get(name) or "" for name in names) for row in rows]
    return "\n".join(lines) + "\n"


def read_csv(path: Path, text: str | bytes) -> Reading:
    """What the CSV importer says of a file with this content."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return IMPORTER.read(path, {}, catalogue())
