"""Ledgers at which something fails: founded in a folder, run in it, and judged afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attested import ORIGIN as ORIGIN_
from recorded import work
from sealed import checked, entries

from ledger.cli.app import run
from ledger.cli.context import Context
from ledger.stores.envelopes import EnvelopeFolder
from ledger.stores.keyfiles import Files


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder, away from the user's own ledger."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for name in ("FLOPLEDGER_LEDGER", "FLOPLEDGER_FILES", "FLOPLEDGER_RULES"):
            patched.delenv(name, raising=False)
        yield


def told(folder: Path, *arguments: str, codes: Iterable[int] = (0,)) -> int:
    """Run the program in a folder."""
    with inside(folder):
        code = run(["--quiet", *arguments])
    assert code in codes, (arguments, code)
    return code


def context(folder: Path, name: str = "ledger.db") -> Context:
    """Return the options that name the ledger of a folder."""
    return Context(folder / name, None, quiet=True, no_input=True, debug=False)


def lines(folder: Path, name: str, *records: Any) -> str:
    """Write records, one a line."""
    (folder / name).write_text("".join(json.dumps(each) + "\n" for each in records))
    return name


def begun(folder: Path) -> None:
    """Found a ledger of two entries."""
    told(folder, "init", "--origin", ORIGIN_)
    legs = work("alpha", 9 * 10**24, "2026-01-01"), work("beta", 10**23, "2026-01-02")
    told(folder, "record", lines(folder, "first.jsonl", *legs))


def size_of(folder: Path, name: str = "ledger.db") -> tuple[int, int]:
    """Verify a ledger; return how many entries it holds, and how many are signed."""
    found = context(folder, name)
    verdict = checked(found)
    kept = EnvelopeFolder(Files(found.ledger).attestations)
    for entry in entries(found):
        if entry.type == "attestation":
            kept.read(str(entry.body["envelope_sha256"]))
        if entry.type == "anchor":
            name = f"{entry.body['evidence_sha256']}.note"
            assert (Files(found.ledger).anchors / name).is_file()
    return verdict.size, verdict.signed_size
