"""Bundles: the same ledger gives the same bytes, in one layout, for one audience at a time."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bundled import archived, drawn, filled, members_of, relisted, verdict
from ledgers import allocation, commitment, fact
from sealed import fill, found, reversal

from ledger.audience import AUDIENCES, FIELDS, shows
from ledger.bundle import Archive, Caps, Made, Manifest, Opened, Redactions, assembled, write_bundle
from ledger.bundle.names import numbered
from ledger.bundle.redactions import Withheld
from ledger.cli.context import Context
from ledger.entry import Entry
from ledger.errors import InputError, LedgerError
from ledger.record import MODELS, draft_of
from ledger.stores.bundles import Folder, write_folder
from ledger.stores.sqlite import SqliteStore

Run = Callable[..., Any]
SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return filled(tmp_path_factory.mktemp("whole"))


def test_bundle_is_a_plain_zip_that_others_read(whole: Context) -> None:
    members = members_of(whole)
    with zipfile.ZipFile(io.BytesIO(archived(members))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(members)
        assert {name: archive.read(name) for name in members} == members
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.extra, info.comment, info.flag_bits) == (b"", b"", 0)


def test_bundle_of_the_same_ledger_has_the_same_bytes(whole: Context) -> None:
    assert archived(members_of(whole)) == archived(members_of(whole))


def test_bundle_has_one_digest_as_archive_and_as_folder(whole: Context, tmp_path: Path) -> None:
    made = drawn(whole)
    write_folder(tmp_path / "tree", assembled(made.made, made.sources))
    folder = Opened(Folder(tmp_path / "tree", Caps()), Caps())
    archive = Opened(Archive(io.BytesIO(archived(members_of(whole))), Caps()), Caps())
    manifest, digest = folder.manifest()
    assert (manifest, digest) == archive.manifest()
    assert digest == hashlib.sha256(members_of(whole)["manifest.json"]).hexdigest()
    assert digest == manifest.digest()


def test_bundle_bytes_are_those_published() -> None:
    file = io.BytesIO()
    made = Made("entries", "ledger.example/lab-a", 0, "public")
    log = Redactions("public", 0, ()).encode()
    write_bundle(file, assembled(made, {"redactions.json": lambda: [log]}))
    page = (SCHEMAS / "bundle.v1.md").read_text("utf-8")
    assert log.decode() in page
    if zlib.ZLIB_RUNTIME_VERSION == "1.2.13":
        assert f"`{hashlib.sha256(file.getvalue()).hexdigest()}`" in page
    with zipfile.ZipFile(file) as archive:
        manifest = archive.read("manifest.json")
    assert manifest == (
        b'{"audience":"public","kind":"entries","members":[{"bytes":80,"name":"redactions.json",'
        b'"sha256":"4fa0d2b15e08b5b9deb12d52a6f6f2048eae6d012cc43aec5ad06473f1e4a4ef"}],'
        b'"origin":"ledger.example/lab-a","schema":"flopledger/bundle.v1","size":0}'
    )


def test_bundle_entries_are_the_leaves_in_order(whole: Context) -> None:
    lines = members_of(whole)["entries.jsonl"].split(b"\n")
    assert lines.pop() == b""
    with SqliteStore(whole.ledger) as store:
        assert lines == [row.bytes for row in store.read(0, store.head().size)]


def test_bundle_at_an_earlier_checkpoint_ends_there(whole: Context) -> None:
    members = members_of(whole, at=5)
    assert members["entries.jsonl"].count(b"\n") == 5
    assert max(name for name in members if name.startswith("checkpoints/")).endswith("05")
    assert Manifest.parse(members["manifest.json"]).size == 5
    with pytest.raises(LedgerError, match="no checkpoint over 4 entries"):
        members_of(whole, at=4)


@pytest.mark.parametrize("audience", sorted(set(AUDIENCES) - {"counterparty"}))
def test_bundle_opens_what_its_audience_sees_and_nothing_else(
    whole: Context, audience: Any
) -> None:
    members = members_of(whole, audience)
    text = b"\n".join(data for name, data in members.items() if name != "pack.json")
    for name, value in (("site", "hall 1"), ("cluster", "east"), ("notes", "leg 2")):
        opening = [
            base64.urlsafe_b64decode(json.loads(line)["disclosure"] + "==").decode()
            for line in members.get("disclosures.jsonl", b"").splitlines()
        ]
        stands = any(f'"{name}","{value}"' in each for each in opening)
        assert stands is shows(audience, name)
        assert value.encode() not in text
    log = Redactions.parse(members["redactions.json"])
    assert (log.withheld == 0) is (audience in {"authority", "auditor"})
    assert verdict(members).exit_status == 0


def test_bundle_for_a_counterparty_needs_receipts(whole: Context) -> None:
    with pytest.raises(InputError, match="receipts of single entries"):
        members_of(whole, "counterparty")


def test_audience_table_covers_every_confidential_field_of_every_record() -> None:
    hidden = set().union(*(model.HIDDEN for model in MODELS.values()))
    assert hidden == set(FIELDS)
    assert all(shows("authority", name) for name in hidden)
    assert not any(shows("public", name) for name in hidden)
    with pytest.raises(InputError):
        shows("authority", "surprise")


def test_audience_table_is_the_one_published() -> None:
    page = (SCHEMAS / "bundle.v1.md").read_text("utf-8")
    for name, field in FIELDS.items():
        marks = ["yes" if shows(each, name) else "–" for each in AUDIENCES]
        assert f"| `{name}` | {field.ground} | {' | '.join(marks)} |" in page, name


def _bodies() -> dict[str, dict[str, Any]]:
    """Return a body of every record type that carries confidential fields."""
    evidence = allocation()["evidence"]
    return {
        "adoption": {"pack_digest": "0" * 64, "by": "board", "on": "2026-11-01"},
        "allocation": allocation(),
        "anchor": {
            "kind": "timestamp", "size": 0, "evidence_sha256": "0" * 64, "stated_time": None,
        },
        "attestation": {"envelope_sha256": "0" * 64, "size": 0, "number": 0},
        "commitment": commitment("m", "acme"),
        "fact": fact("model:m", "model.size", "quantity", "1 FLOP"),
        "filing": {
            "regime": "eu.aia", "rule": "r", "obligation": "o", "subject": "model:m",
            "sent": "letter", "sent_at": "2026-11-22T10:00:00Z", "receipt": None,
        },
        "holding": {
            "device": "nvidia-h100-sxm5", "quantity": 1, "headquarters": None,
            "destination": None, "event": "shipped", "authorisation": None,
            "on": "2026-11-01", "evidence": evidence,
        },
        "key": {"event": "added", "vkey": "k", "replaces": None, "reason": "new"},
        "lineage": {
            "model": "m", "parent": None, "relation": "derived", "same_provider": "yes",
            "on": None, "evidence": evidence,
        },
    }  # fmt: skip


def test_secrets_never_stand_in_leaf_bytes_of_any_record_type(tmp_path: Path) -> None:
    # Threat 31: the leaf holds a salted digest or a keyed pseudonym, and never the value.
    context = found(tmp_path)
    drafts, secrets = [], []
    for kind, body in _bodies().items():
        hidden = {name: f"SECRET {kind} {name}" for name in MODELS[kind].HIDDEN}
        secrets += hidden.values()
        drafts.append(draft_of(kind, body, hidden=hidden, key=(kind,)))
    fill(context, drafts)
    with SqliteStore(context.ledger) as store:
        leaves = [row.bytes for row in store.read(0, len(drafts))]
        target = Entry.parse(leaves[1])
    fill(context, [reversal(target)])
    with SqliteStore(context.ledger) as store:
        leaves = [row.bytes for row in store.read(0, store.head().size)]
        assert sum(1 for _ in store.openings(0, len(leaves))) == len(secrets)
    assert {Entry.parse(leaf).type for leaf in leaves} == set(MODELS)
    public = b"".join(members_of(context, "public").values())
    for secret in secrets:
        for form in _forms(secret):
            assert form not in b"".join(leaves), secret
            assert form not in public, secret


def _forms(secret: str) -> list[bytes]:
    """Return how a text could be recognised: plain, hex, base64 at each offset, plain digests."""
    data = secret.encode()
    shifted = [base64.b64encode(b"x" * n + data)[4 * bool(n) : -4].rstrip(b"=") for n in range(3)]
    digest = hashlib.sha256(data)
    return [data, data.hex().encode(), *shifted, digest.hexdigest().encode()]


def test_bundle_command_writes_what_verify_takes(flopledger: Run, tmp_path: Path) -> None:
    context = filled(tmp_path)
    assert context.ledger == tmp_path / "ledger.db"
    for name in ("a.zip", "b.zip", "tree"):
        done = flopledger("bundle", name)
        assert done.code == 0, done.err
    assert "11 entries of ledger.example/lab-a" in done.err
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    vkey = flopledger("key", "show").out.strip()
    (tmp_path / "policy.txt").write_text(f"log {vkey}\nquorum none\n")
    for name in ("a.zip", "tree"):
        done = flopledger("verify", name, "--policy", "policy.txt", "--transcript", "t.html")
        assert done.code == 0, done.err + done.out
        assert "internally consistent: 11 entries" in done.out
        assert "What none of this proves" in done.out
    assert (tmp_path / "t.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_bundle_command_refuses_what_would_hurt(flopledger: Run, tmp_path: Path) -> None:
    filled(tmp_path)
    cases = {
        ("bundle", "ledger.db"): 2,
        ("bundle", "out.tar"): 2,
        ("bundle", "c.zip", "--for", "counterparty"): 2,
        ("bundle", "c.zip", "--at", "4"): 2,
        ("bundle", "c.zip", "--receipts", "99"): 2,
        ("verify", "none.zip", "--policy", "p"): 2,
        ("verify", "--policy", "p"): 2,
    }
    for arguments, code in cases.items():
        done = flopledger(*arguments)
        assert done.code == code, arguments
        assert "error[" in done.err
    assert not (tmp_path / "c.zip").exists()
    assert list(tmp_path.glob(".flopledger*")) == []


def test_bundle_needs_a_policy_to_be_verified(flopledger: Run, tmp_path: Path) -> None:
    filled(tmp_path)
    flopledger("bundle", "a.zip")
    done = flopledger("verify", "a.zip")
    assert done.code == 2
    assert "verified under a policy" in done.err


def test_receipts_prove_single_entries_and_show_no_other(flopledger: Run, tmp_path: Path) -> None:
    filled(tmp_path)
    done = flopledger(
        "bundle", "r.zip", "--for", "counterparty", "--receipts", "1", "--receipts", "4"
    )
    assert done.code == 0, done.err
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        names = archive.namelist()
        assert names == [
            "checkpoints/000000000011",
            "disclosures.jsonl",
            numbered("leaves", 1),
            numbered("leaves", 4),
            "manifest.json",
            numbered("proofs", 1),
            numbered("proofs", 4),
            "redactions.json",
        ]
        members = {name: archive.read(name) for name in names}
    found_ = verdict(members)
    assert found_.exit_status == 0
    assert [step.count for step in found_.steps[3:7]] == [2, 0, 2, 1]
    swapped = {**members, numbered("proofs", 1): members[numbered("proofs", 4)]}
    fault = verdict(relisted(swapped)).fault
    assert fault is not None
    assert (fault.step, fault.where) == (6, f"member {numbered('proofs', 1)!r}")


def test_bundle_is_not_written_if_the_disk_refuses(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() > 3000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    context = filled(tmp_path)
    made = drawn(context)
    with pytest.raises(OSError, match="No space"):
        write_bundle(Full(), assembled(made.made, made.sources))


def test_bundle_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no signed entry"):
        members_of(found(tmp_path))


def test_log_of_redactions_states_each_field_once() -> None:
    twice = Withheld("allocation", "site", 3, 0)
    with pytest.raises(InputError, match="each once"):
        Redactions.parse(Redactions("public", 0, (twice, twice)).encode())


class Chunked:
    """Members that come in chunks of a length."""

    def __init__(self, data: bytes, length: int) -> None:
        self.data, self.length = data, length

    def names(self) -> tuple[str, ...]:
        return ("checkpoints/000000000001", "entries.jsonl", "manifest.json", "redactions.json")

    def size(self, name: str) -> int:
        return len(self.data) if name == "entries.jsonl" else 0

    def chunks(self, name: str) -> Iterator[bytes]:
        assert name == "entries.jsonl"
        for start in range(0, len(self.data), self.length):
            yield self.data[start : start + self.length]


@pytest.mark.parametrize("length", [1, 2, 3, 5, 7, 24, 25, 100])
def test_text_is_found_however_a_member_is_cut(length: int) -> None:
    text = b'"type":"reversal","v":1}'
    for data in (text, b"x" * 11 + text, text + b"y" * 11, b"x" * 30 + text + b"y" * 30):
        assert Opened(Chunked(data, length), Caps()).contains("entries.jsonl", text)
        without = data.replace(b"reversal", b"reversaL")
        assert not Opened(Chunked(without, length), Caps()).contains("entries.jsonl", text)
    assert Opened(Chunked(b"abc", length), Caps()).contains("entries.jsonl", b"c")
