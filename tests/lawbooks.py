"""Small sets of rules for tests: pack files that hold the words and devices, and given regimes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ledgers import allocation, commitment, fact
from regimes import shipped_pack

from ledger.canonical import encode
from ledger.pack import SCHEMA, Pack
from ledger.yamltree import parse_tree

Run = Callable[..., Any]
E24 = 10**24
CLOCK = "1795435200"  # 2026-11-23T12:00:00Z
KEPT = ("vocabulary/", "hardware/", "units/", "grades/")


def book(*texts: str) -> Pack:
    """Return the shipped words and devices with these regimes and no others."""
    files = {p: tree for p, tree in shipped_pack().files.items() if p.startswith(KEPT)}
    for number, text in enumerate(texts):
        files[f"regimes/{number}.yaml"] = parse_tree(text, where=f"regimes/{number}.yaml")
    return Pack.of(files)


def pack_file(path: Path, *texts: str) -> str:
    """Write such rules as a pack file and return its path."""
    files = dict(book(*texts).files)
    sources = dict.fromkeys(files, "0" * 64)  # nobody has the files that it was packed from
    document: Any = {"files": files, "schema": SCHEMA, "sources": sources}
    path.write_bytes(encode(document))
    return str(path)


def regime_file(path: Path, text: str) -> str:
    """Write one regime file and return its path."""
    path.write_text(text, encoding="utf-8")
    return str(path)


def work(model: str, operations: int | None, day: str = "2026-03-01", **more: Any) -> Any:
    """Return a record of work on a day."""
    times = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    return {"type": "allocation", **allocation(model, operations, **{**times, **more})}


def says(model: str, name: str, *, value: bool) -> Any:
    """Return a record of a yes-or-no fact."""
    return {"type": "fact", **fact(f"model:{model}", name, "boolean", value=value)}


def contract(model: str | None, operations: int, name: str, **more: Any) -> Any:
    """Return a record of a commitment."""
    body = commitment(model, "acme", operations=str(operations), contract=name, **more)
    return {"type": "commitment", **body}


def found_ledger(
    flopledger: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, *records: Any
) -> None:
    """Found ``ledger.db`` in the current folder at a fixed time and record into it."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", CLOCK)
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    ran = flopledger("record", str(path))
    assert ran.code == 0, ran.err
