"""What reading commands print of an altered ledger: a refusal, never a forged figure as proved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sealed import ORIGIN, altered, fill, found, said

from ledger.cli.context import Context

Run = Callable[..., Any]


@pytest.fixture
def ledger(tmp_path: Path) -> Context:
    """A ledger of eight entries."""
    context = found(tmp_path)
    fill(context, [said(number) for number in range(8)])
    return context


def forge(context: Context, seq: int) -> None:
    """Change one letter of an entry's bytes, and nothing else."""
    with altered(context) as connection:
        (data,) = connection.execute("SELECT bytes FROM entries WHERE seq = ?", (seq,)).fetchone()
        changed = data.replace(b"2026", b"2025", 1)
        assert changed != data
        connection.execute("UPDATE entries SET bytes = ? WHERE seq = ?", (changed, seq))


def test_show_never_calls_forged_bytes_proved(ledger: Context, flopledger: Run) -> None:
    assert flopledger("--ledger", str(ledger.ledger), "show", "3").code == 0
    forge(ledger, 3)
    done = flopledger("--ledger", str(ledger.ledger), "show", "3")
    assert done.code == 4
    assert "entry 3" in done.err
    assert done.out == ""


@pytest.mark.parametrize("engine", ["polars", "plain"])
def test_check_sees_a_forged_entry_under_a_clean_projection(
    ledger: Context, flopledger: Run, engine: str
) -> None:
    command = ("--ledger", str(ledger.ledger), "check", "--engine", engine)
    assert flopledger(*command).code in {0, 1, 3}
    forge(ledger, 3)
    assert flopledger(*command).code == 4


def test_verify_says_in_its_first_line_what_is_not_signed(ledger: Context, flopledger: Run) -> None:
    fill(ledger, [said(9)])
    notes = Path(f"{ledger.ledger}.checkpoints")
    text = notes.read_bytes()
    notes.write_bytes(text[: text.rindex(ORIGIN.encode() + b"\n9\n")])
    done = flopledger("--ledger", str(ledger.ledger), "verify")
    assert "verified, 9 entries, only 8 signed" in done.out


def test_append_refuses_to_rest_on_a_forged_head(ledger: Context, flopledger: Run) -> None:
    forge(ledger, 7)
    done = flopledger(
        "--ledger", str(ledger.ledger), "fact", "set", "model:m", "model.is_modification", "no"
    )
    assert done.code == 4
    assert "entry 7" in done.err


def test_check_believes_no_projection_sealed_under_another_secret(
    ledger: Context, flopledger: Run
) -> None:
    command = ("--ledger", str(ledger.ledger), "check")
    assert flopledger(*command).code in {0, 1, 3}
    Path(f"{ledger.ledger}.secret").write_text("ab" * 32 + "\n")
    done = flopledger(*command)
    assert done.code == 4
    assert "secret" in done.err
