"""Bundles of many entries: read as a stream, in little memory, within the time that is promised."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bundled import (
    APPROVER,
    ASKED,
    OFFICER,
    TODAY,
    Members,
    archived,
    asking,
    members_of,
    pack,
    policy,
    policy_text,
    relisted,
    verdict,
)
from sealed import ORIGIN, SIGNER, found, leg, opened

from ledger.bundle import Archive, Caps
from ledger.canonical import JSON, encode
from ledger.checkpoint import Checkpoint
from ledger.claim import Completeness, Days
from ledger.determination import PlainEvaluator
from ledger.engines import ahead
from ledger.engines.plain import PlainEngine
from ledger.entry import Entry, genesis_prev
from ledger.envelope import Envelope
from ledger.journeys.attesting import Held, Told, attest
from ledger.journeys.checking import Question, Records, check
from ledger.log import Row
from ledger.merkle import CompactRange, leaf_hash
from ledger.verify.bundle import BundleLeaves, verify_bundle

PROMISED_S = 10
PROMISED_KIB = 300_000
CHILD = """
import json, resource, sys
from ledger.cli import main
bundle, policy = sys.argv[1:]
sys.argv[1:] = ["--quiet", "verify", bundle, "--policy", policy, "-f", "json", "-o", "out"]
try:
    main()
except SystemExit as left:
    code = left.code
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: that begins with what the process that started this one held.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([code, used.ru_utime + used.ru_stime, int(peak)]))
"""


def many(folder: Path, count: int) -> bytes:
    """Return an archive with so many allocations."""
    return archived(many_members(folder, count))


def many_members(folder: Path, count: int) -> Members:
    """Return the members of a bundle of so many allocations, no two of them alike."""
    context = found(folder)
    with opened(context) as log:
        log.append([leg(0)])
    members = members_of(context, "public")
    first = members["entries.jsonl"].removesuffix(b"\n").decode()
    prev, rows, hashes = genesis_prev(ORIGIN), [], []
    for seq in range(count):
        data = another(first, seq, prev)
        rows.append(data)
        hashes.append(leaf_hash(data))
        prev = hashes[-1].hex()
    root = CompactRange.of(hashes).root()
    kept = {name: data for name, data in members.items() if not name.startswith("checkpoints/")}
    kept[f"checkpoints/{count:012d}"] = Checkpoint(ORIGIN, count, root).sign(SIGNER)
    kept["entries.jsonl"] = b"".join(row + b"\n" for row in rows)
    fields = [
        {"ground": g, "name": n, "shown": 0, "type": "allocation", "withheld": count}
        for n, g in (("cluster", "security"), ("notes", "free-text"), ("site", "security"))
    ]
    log_ = {"audience": "public", "erased": 0, "fields": fields}
    kept["redactions.json"] = encode({**log_, "schema": "flopledger/redactions.v1"})
    return relisted(kept, size=count)


def another(first: str, seq: int, prev: str) -> bytes:
    """Return the leaf of another allocation: of one of a hundred runs, on one of 28 days."""
    digest = hashlib.sha256(str(seq).encode()).hexdigest()
    leaf = json.loads(first)
    changes = {
        "run": f"run-{seq % 100}",
        "start": f"2026-03-{seq % 28 + 1:02d}T00:00:00Z",
        "end": f"2026-03-{seq % 28 + 1:02d}T08:00:{seq % 60:02d}Z",
        "operations": str(10**20 + seq),
        "method_inputs": {"steps": seq},
        "idempotency_key": digest,
        "evidence": {**leaf["body"]["evidence"], "locator": f"line {seq}"},
    }
    return encode(
        {
            **leaf,
            "body": {**leaf["body"], **changes},
            "id": f"00000000-0000-4000-8000-{seq:012x}",
            "prev": prev,
            "salt": digest[:22],
            "sd": [f"{number}{digest[:42]}" for number in range(len(leaf["sd"]))],
            "seq": seq,
        }
    )


class _Rows:
    """Leaves in memory, read as a store is."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.hashes = [leaf_hash(data) for data in leaves]

    def read(self, start: int, stop: int) -> Iterator[Row]:
        for seq in range(start, min(stop, len(self.leaves))):
            yield Row(seq, self.leaves[seq], self.hashes[seq])

    def root(self) -> bytes:
        return CompactRange.of(self.hashes).root()

    def last(self, seq: int, envelope: Envelope) -> None:
        """Add the entry that names an attestation of everything before it."""
        body: dict[str, JSON] = {"envelope_sha256": envelope.sha256(), "size": seq, "number": 1}
        body["idempotency_key"] = "0" * 64
        first = Entry.parse(self.leaves[-1])
        entry = replace(first, seq=seq, id=f"00000000-0000-4000-8000-{seq:012x}", sd=(), body=body)
        entry = replace(entry, prev=self.hashes[-1].hex(), type="attestation")
        self.leaves.append(entry.encode())
        self.hashes.append(entry.hash())


def many_attested(folder: Path, count: int) -> bytes:
    """Return an archive with so many allocations that two people attested."""
    members = dict(many_members(folder, count))
    rows = _Rows(members["entries.jsonl"].split(b"\n")[:-1])
    engine, root = PlainEngine(rows), rows.root()
    folded = engine.fold(size=count, limit=count, as_of=TODAY, root=root)
    records = Records(
        ORIGIN, folded, 0, lambda models: engine.legs(models, limit=count, as_of=TODAY)
    )
    asked = Question(TODAY, TODAY, TODAY, datetime(2026, 11, 24, 12, tzinfo=UTC))
    checked = check(asked, records, pack(), PlainEvaluator())
    told = Told(
        Days(date(2026, 1, 1), TODAY + timedelta(1)), Completeness("every-run-recorded"), None
    )
    held = Held(records, pack(), iter(rows.leaves))
    envelope = Envelope(attest(told, checked, held).statement().encode())
    envelope = envelope.sign(OFFICER).sign(APPROVER)
    rows.last(count, envelope)
    members[f"checkpoints/{count + 1:012d}"] = Checkpoint(ORIGIN, count + 1, rows.root()).sign(
        SIGNER
    )
    members[f"attestations/{envelope.sha256()}.json"] = envelope.encode()
    members["entries.jsonl"] = b"".join(row + b"\n" for row in rows.leaves)
    return archived(relisted(members, size=count + 1))


def test_entries_are_streamed_and_not_held(tmp_path: Path) -> None:
    data = many(tmp_path, 4000)
    file, asked = io.BytesIO(data), policy()
    tracemalloc.start()
    try:
        found_ = verify_bundle(lambda: Archive(file, Caps()), asked)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found_.exit_status == 0
    assert found_.steps[3].count == 4000
    # The leaves have over three million bytes; what is kept of each has under a hundred.
    assert peak < 3_000_000, peak


def test_what_is_attested_is_recomputed_in_one_pass_that_holds_no_leaves(tmp_path: Path) -> None:
    data = many_attested(tmp_path, 4000)
    law = asking()
    verify = partial(verdict, data, policy(**ASKED), recompute=law)
    assert verify().exit_status == 0  # loads the rules
    tracemalloc.start()
    try:
        found_ = verify()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [found_.steps[n].outcome for n in (12, 14, 15, 16)] == ["held"] * 4
    # The archive itself is read from memory here: what it takes is not counted.
    assert peak < 12_000_000, peak


def test_what_is_attested_is_gathered_while_the_walk_goes_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leaves are not read again, unless the question turns out to be another."""
    data, law, asked = many_attested(tmp_path, 12), asking(), policy(**ASKED)
    expected = verdict(data, asked, recompute=law, follower=None)
    again: list[int] = []
    read = BundleLeaves.read

    def counted(self: BundleLeaves, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
        again.append(stop)
        return read(self, start, stop)

    monkeypatch.setattr(BundleLeaves, "read", counted)
    assert verdict(data, asked, recompute=law) == expected
    assert (again, expected.exit_status) == ([], 0)
    monkeypatch.setattr(ahead, "_hint", lambda _: (11, TODAY))
    assert verdict(data, asked, recompute=law) == expected
    assert again == [12]
    monkeypatch.undo()
    monkeypatch.setattr(BundleLeaves, "read", counted)
    monkeypatch.setattr(ahead, "GROUPS_MAX", 3)
    assert verdict(data, asked, recompute=law) == expected
    assert again == [12, 12]


def test_hint_that_nobody_signed_costs_little_and_hides_nothing(tmp_path: Path) -> None:
    members = many_members(tmp_path, 5)
    members["entries.jsonl"] = members["entries.jsonl"].replace(b'"run-2"', b'"run-9"')
    for length in (ahead.STATEMENTS_MAX + 1, 34_000_000):
        hint = (
            hashlib.shake_256(b"hint").digest(400_000).ljust(length)
        )  # packs no better than 1:200
        named = {**members, f"attestations/{hashlib.sha256(hint).hexdigest()}.json": hint}
        data = archived(relisted(named, size=5))
        law = asking()
        tracemalloc.start()
        try:
            found_ = verdict(data, recompute=law)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert found_.fault is not None
        assert (found_.exit_status, found_.fault.step, found_.fault.seq) == (4, 5, 3)
        assert peak < 2_000_000, peak


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bundled_", "asked"), [(many, {}), (many_attested, ASKED)], ids=["plain", "attested"]
)
def test_hundred_thousand_entries_are_verified_in_time_and_in_little_memory(
    tmp_path: Path, bundled_: Callable[[Path, int], bytes], asked: dict[str, Any]
) -> None:
    """The whole command, in a process of its own: with its imports, its verdict and its rules."""
    (tmp_path / "many.zip").write_bytes(bundled_(tmp_path, 100_000))
    (tmp_path / "policy").write_bytes(policy_text(**asked))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "many.zip", "policy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    code, seconds, kib = json.loads(done.stdout)
    assert code == 0
    told = json.loads((tmp_path / "out").read_text())
    assert told["result"] == "holds"
    assert seconds < PROMISED_S, (seconds, kib)
    assert kib < PROMISED_KIB, (seconds, kib)
