"""Nothing is handed out of a ledger that does not verify, and what is said is what verify says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sealed import altered, fill, found, leg

from ledger.cli.context import Context
from ledger.entry import Entry
from ledger.merkle import CompactRange, leaf_hash

Run = Callable[..., Any]
PERIOD = ("--period", "2026-01-01..2027-01-01", "--claim", "every-run-recorded")
COMMANDS = {
    "bundle": ("bundle", "out.zip"),
    "folder": ("bundle", "out"),
    "receipts": ("bundle", "out.zip", "--receipts", "0"),
    "proof": ("prove", "0", "-o", "out.zip"),
    "request": ("checkpoint", "request", "--old", "0", "-o", "out.zip"),
    "draft": ("attest", "draft", *PERIOD, "-o", "out.zip"),
}


@pytest.fixture
def ledger(tmp_path: Path) -> Context:
    """A ledger of five entries under two checkpoints."""
    context = found(tmp_path)
    fill(context, [leg(n) for n in range(2)], [leg(n) for n in range(2, 5)])
    return context


def change_a_byte(context: Context) -> None:
    """Change one byte of an entry, and leave its hash."""
    with altered(context) as connection:
        (data,) = connection.execute("SELECT bytes FROM entries WHERE seq = 3").fetchone()
        changed = data.replace(b"run-3", b"run-x")
        connection.execute("UPDATE entries SET bytes = ? WHERE seq = 3", (changed,))


def change_an_entry_and_all_hashes(context: Context) -> None:
    """Rewrite an entry with hash, links and peaks, as whoever has no key can."""
    with altered(context) as connection:
        rows = connection.execute("SELECT bytes FROM entries ORDER BY seq").fetchall()
        hashes, prev = [], ""
        for seq, (data,) in enumerate(rows):
            data = data.replace(b"run-3", b"run-x")  # noqa: PLW2901
            if prev:
                old = Entry.parse(data).prev
                data = data.replace(old.encode(), prev.encode())  # noqa: PLW2901
            hashes.append(leaf_hash(data))
            prev = hashes[-1].hex()
            row = data, hashes[-1], seq
            connection.execute("UPDATE entries SET bytes = ?, hash = ? WHERE seq = ?", row)
        peaks = CompactRange.of(hashes).encode()
        connection.execute("UPDATE meta SET value = ? WHERE name = 'peaks'", (peaks,))


def change_an_opening(context: Context) -> None:
    """Change what a digest stands for."""
    with altered(context) as connection:
        (data,) = connection.execute("SELECT bytes FROM openings WHERE seq = 3").fetchone()
        row = data[:-1] + (b"A" if data[-1:] != b"A" else b"B"), data
        connection.execute("UPDATE openings SET bytes = ? WHERE bytes = ?", row)


@pytest.mark.parametrize("change", [change_a_byte, change_an_entry_and_all_hashes])
@pytest.mark.parametrize("name", COMMANDS)
def test_altered_entries_are_not_handed_out(
    ledger: Context,
    flopledger: Run,
    tmp_path: Path,
    name: str,
    change: Callable[[Context], None],
) -> None:
    assert flopledger(*COMMANDS[name][:-1], "right.zip" if name != "receipts" else "1").code == 0
    change(ledger)
    said = flopledger("verify")
    done = flopledger(*COMMANDS[name])
    assert (said.code, done.code) == (4, 4), done.err
    assert done.out == ""
    if name in {"bundle", "folder", "receipts"}:
        assert done.err == said.err
    elif change is change_a_byte:
        assert "entry 3" in done.err
    # Nothing of it is left either.
    left = {path.name for path in tmp_path.iterdir()} - {"right.zip", "out.zip"}
    assert not [each for each in left if "partial" in each or each == "out"]
    assert name == "receipts" or not (tmp_path / "out.zip").exists()


@pytest.mark.parametrize("name", ["bundle", "receipts"])
def test_altered_openings_are_not_handed_out(ledger: Context, flopledger: Run, name: str) -> None:
    change_an_opening(ledger)
    done = flopledger(*COMMANDS[name])
    assert done.code == 4
    assert "entry 3" in done.err
    assert not Path("out.zip").exists()


def test_bundle_takes_the_notes_from_before_its_snapshot(
    ledger: Context, flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever appends while a bundle is drawn up changes nothing of it."""
    from ledger.cli import bundling  # noqa: PLC0415

    real = bundling.open_reader

    def opened(context: Context) -> Any:
        store = real(context)
        snapshot = store.snapshot

        def taken() -> Any:
            entered = snapshot()
            entered.__enter__()
            # Between the snapshot and the reading of the notes.
            fill(ledger, [leg(9)])
            return _Held(entered)

        monkeypatch.setattr(store, "snapshot", taken)
        return store

    monkeypatch.setattr(bundling, "open_reader", opened)
    done = flopledger("bundle", "out.zip")
    assert done.code == 0, done.err
    assert "5 entries" in done.err
    with closing(sqlite3.connect(ledger.ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (6,)


class _Held:
    """A snapshot that was entered already."""

    def __init__(self, entered: Any) -> None:
        self._entered = entered

    def __enter__(self) -> None:
        return None

    def __exit__(self, *given: object) -> None:
        self._entered.__exit__(*given)
