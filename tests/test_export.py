"""Exporting and showing: leaves as they are, tables with exact numbers, receipts for others."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import Any

import polars as pl
import pytest
from sealed import altered, entries, fill, found, leg, reversal, said

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.context import Context
from ledger.cli.keeping import signed_leaves
from ledger.errors import InputError, IntegrityError
from ledger.inclusion import Proof
from ledger.journeys.exporting import columns_of
from ledger.journeys.verifying import prove
from ledger.merkle import inclusion_proof, leaf_hash
from ledger.record import MODELS
from ledger.stores.keyfiles import Files
from ledger.stores.sqlite import SqliteStore

Run = Callable[..., Any]


@pytest.fixture
def ledger(tmp_path: Path) -> Context:
    """A ledger in the folder in which commands run."""
    context = found(tmp_path)
    fill(context, [leg(0), leg(1, model="=1+1"), said(2)])
    fill(context, [reversal(entries(context)[2])])
    return context


def test_export_of_leaves_is_what_was_hashed(ledger: Context, flopledger: Run) -> None:
    done = flopledger("export", "-o", "all.jsonl")
    assert done.code == 0
    assert "wrote 4 entries\n" in done.err
    lines = Path("all.jsonl").read_bytes().splitlines(keepends=True)
    assert [line[:-1] for line in lines] == [entry.encode() for entry in entries(ledger)]
    assert flopledger("export", "-o", "-").out.encode() == b"".join(lines)


def test_export_says_what_is_unsigned(ledger: Context, flopledger: Run) -> None:
    path = Files(ledger.ledger).checkpoints
    path.write_bytes(b"\n\n".join(path.read_bytes().split(b"\n\n")[:-3]) + b"\n\n")
    assert "the last 1 of them unsigned" in flopledger("export", "-o", "all.jsonl").err


def test_export_of_a_record_type_has_its_fields_exactly(ledger: Context, flopledger: Run) -> None:
    assert flopledger("export", "--type", "allocation", "-o", "a.parquet").code == 0
    frame = pl.read_parquet("a.parquet")
    first, second, *_ = entries(ledger)
    assert frame["seq"].to_list() == [0, 1]
    assert frame.schema["operations"] == pl.Decimal(38, 0)
    assert frame["operations"].to_list() == [Decimal(10**20), Decimal(10**20 + 1)]
    assert frame["model"].to_list() == ["m", "=1+1"]
    assert frame["hash"].to_list() == [first.hash().hex(), second.hash().hex()]
    assert frame["device_us"].to_list() == [None, None]
    assert json.loads(frame["evidence"][0]) == first.body["evidence"]
    assert set(first.body) | {"seq", "id", "type", "recorded_at", "hash"} == set(frame.columns)


def test_export_of_all_types_keeps_bodies_as_json(ledger: Context, flopledger: Run) -> None:
    assert flopledger("export", "-o", "all.csv").code == 0
    frame = pl.read_csv("all.csv")
    assert frame["type"].to_list() == ["allocation", "allocation", "fact", "reversal"]
    assert json.loads(frame["body"][3]) == entries(ledger)[3].body


def test_export_to_csv_gives_no_formula_to_a_spreadsheet(ledger: Context, flopledger: Run) -> None:
    assert flopledger("export", "--type", "allocation", "-o", "a.csv").code == 0
    assert ledger.ledger.exists()
    frame = pl.read_csv("a.csv", infer_schema=False)
    assert frame["model"].to_list() == ["m", "'=1+1"]
    assert frame["operations"].to_list() == [str(10**20), str(10**20 + 1)]


def test_export_refuses_what_it_cannot_write(ledger: Context, flopledger: Run) -> None:
    assert ledger.ledger.exists()
    for arguments, word in (
        (("-o", "x.xlsx"), ".xlsx"),
        (("-o", "x"), "suffix"),
        (("-o", "x.jsonl", "--type", "fact"), "leaves"),
        (("-o", "x.csv", "--type", "rumour"), "rumour"),
        (("-o", "none/x.csv"), "cannot write"),
        (("-o", "none/x.jsonl"), "cannot write"),
    ):
        done = flopledger("export", *arguments)
        assert done.code == 2, arguments
        assert word in done.err
        assert "Traceback" not in done.err
    assert not [path for path in Path.cwd().iterdir() if path.name.startswith("x")]


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_columns_hold_every_field_of_a_record_type(kind: str) -> None:
    kinds = columns_of(kind).kinds
    assert set(MODELS[kind].model_fields) < set(kinds)
    wanted = {
        "operations": "decimal",
        "device_us": "decimal",
        "milli_devices": "integer",
        "start": "text",
    }
    for name in set(wanted) & set(kinds):
        assert kinds[name] == wanted[name]


def test_show_gives_an_entry_with_openings_and_proof(ledger: Context, flopledger: Run) -> None:
    (entry, *_) = entries(ledger)
    shown = json.loads(flopledger("show", "0", "-f", "json").out)
    assert shown["body"] == entry.body
    assert shown["hidden"] == {"cluster": "east", "notes": "leg 0", "site": "hall 0"}
    assert (shown["hash"], shown["erased"]) == (entry.hash().hex(), 0)
    assert shown["proof"]["size"] == 4
    assert json.loads(flopledger("show", entry.id, "-f", "json").out) == shown
    text = flopledger("show", "0").out
    assert "hall 0" in text
    assert "proved" in text


def test_show_counts_erased_openings(ledger: Context, flopledger: Run) -> None:
    with altered(ledger) as connection:
        connection.execute("DELETE FROM openings WHERE seq = 0")
    assert json.loads(flopledger("show", "0", "-f", "json").out)["erased"] == 3
    assert "3 confidential fields were erased" in flopledger("show", "0").out


def test_show_of_nothing_says_so(ledger: Context, flopledger: Run) -> None:
    assert ledger.ledger.exists()
    for name in ("99", "00000000-0000-4000-8000-00000000ffff", "run:none", "none"):
        done = flopledger("show", name)
        assert done.code == 2, name
        assert "flopledger status" in done.err


def test_show_never_proves_what_was_altered(ledger: Context, flopledger: Run) -> None:
    with altered(ledger) as connection:
        connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq = 3")
    assert flopledger("show", "0").code == 4
    assert flopledger("prove", "0").code == 4


def test_status_is_one_screen(ledger: Context, flopledger: Run) -> None:
    status = json.loads(flopledger("status", "-f", "json").out)
    last = entries(ledger)[-1]
    assert (status["size"], status["signed_size"], status["unsigned_tail"]) == (4, 4, 0)
    assert (status["head"], status["recorded_at"]) == (last.hash().hex(), last.recorded_at)
    path = Files(ledger.ledger).checkpoints
    path.write_bytes(b"\n\n".join(path.read_bytes().split(b"\n\n")[:-3]) + b"\n\n")
    done = flopledger("status")
    assert "unsigned entries at the end: 1" in done.out
    assert len(done.out.splitlines()) <= 24


def test_checkpoint_shown_is_the_newest_note(ledger: Context, flopledger: Run) -> None:
    shown = flopledger("checkpoint", "show").out.encode()
    assert Checkpoint.parse(Note.parse(shown).text).size == 4
    assert Files(ledger.ledger).checkpoints.read_bytes().endswith(shown + b"\n")
    path = Files(ledger.ledger).checkpoints
    # Another signature line: the note reads well and nobody signed it.
    forged = path.read_bytes()
    path.write_bytes(forged.replace(forged[-12:-8], b"AAAA"))
    assert flopledger("checkpoint", "show").code in {2, 4}


def test_proof_has_the_published_form(shared_path: Callable[[str], Path]) -> None:
    made = json.loads(shared_path("vectors/signed-note.json").read_text())["made_here"]
    tree = json.loads(shared_path("vectors/rfc6962-merkle.json").read_text())
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in tree["leaves"]]
    note = made["cosigned_checkpoint"].encode()
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    proof = Proof(5, tuple(inclusion_proof(leaves, 5)), checkpoint, note)
    assert proof.encode().decode() == made["tlog_proof_index_5"]


def test_prove_refuses_a_checkpoint_that_does_not_cover(ledger: Context) -> None:
    data = Files(ledger.ledger).checkpoints.read_bytes().split(b"\n\n")
    first = b"\n\n".join(data[:2]) + b"\n"
    newest = b"\n\n".join(data[-3:-1]) + b"\n"
    with SqliteStore(ledger.ledger) as store:
        held = signed_leaves(ledger, store, newest, quick=True)
        with pytest.raises(InputError, match="not among the 0 signed"):
            prove(held, first, 0)
        assert prove(held, newest, 3).checkpoint.size == 4
        with pytest.raises(InputError):
            prove(held, newest, 4)
    with altered(ledger) as connection:
        connection.execute("DELETE FROM entries WHERE seq = 3")
    with SqliteStore(ledger.ledger) as store:
        held = signed_leaves(ledger, store, newest, quick=True)
        # What is still there is proved by the subtrees; what is gone is not.
        prove(held, newest, 0)
        with pytest.raises(IntegrityError, match="lacks entry 3"):
            prove(held, newest, 3)
        for whole in (held, signed_leaves(ledger, store, newest)):
            rmtree(Files(ledger.ledger).tree, ignore_errors=True)
            with pytest.raises(IntegrityError, match="lacks entry 3, and 4 are signed"):
                prove(whole, newest, 0)
