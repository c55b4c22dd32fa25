"""Every reader of what others wrote answers or refuses, soon and in words, whatever it is given."""

from __future__ import annotations

import io
import json
import random
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from attested import ANNA, attestation
from bundled import (
    ASKED,
    OFFICER,
    Members,
    attested,
    filled,
    members_of,
    pack,
    policy,
    policy_text,
    relisted,
    resealed,
    verdict,
)
from bundled import archived as archive_of
from ledgers import allocation
from mutated import spoilt
from sealed import ORIGIN, SIGNER, fill, found, identity, leg
from witnesses import LOG, W1, asked, cosigned, keys, leaves, signed, vkey
from witnesses import policy_text as policy_lines

from ledger.approval import Approval, approval_of
from ledger.attestation import Attestation
from ledger.bundle import Archive, Caps, Manifest, Redactions
from ledger.bundle.opened import Opened
from ledger.canonical import encode, parse
from ledger.checkpoint import Checkpoint, Note
from ledger.cli.opening import location_of
from ledger.cosignature import Cosignature, parse_cosignatures
from ledger.entry import Entry, Opening
from ledger.envelope import Envelope
from ledger.errors import LedgerError
from ledger.fork import Fork, Signed, compare
from ledger.inclusion import Proof
from ledger.journeys.correction import Reason
from ledger.journeys.parties import Parties
from ledger.journeys.restating import Desk, propose, read_proposal
from ledger.keys import COSIGNATURE, ED25519, FileSigner, VerifierKey
from ledger.log import Log
from ledger.merkle import CompactRange, inclusion_proof
from ledger.pack import unpack
from ledger.policy import parse_policy
from ledger.regime.vocabulary import load_vocabulary
from ledger.statement import Statement
from ledger.stores.address import Address
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.witness import Request

QUICK, LONG = 200, 20_000
SECONDS_MAX = 1.0
GROWTH_KIB_MAX = 150_000
"""What reading may add to the memory of the process, whatever it reads."""


@dataclass(frozen=True)
class Reader:
    """A reader of foreign bytes.

    Attributes:
        read: Takes bytes; raises a `LedgerError` for what it refuses.
        corpus: Good inputs.
        share: One in so many examples is tried, for readers that are slow by their nature.
    """

    read: Callable[[bytes], object]
    corpus: Sequence[bytes]
    share: int = 1


def text(data: bytes) -> str:
    """Return bytes as a command line or a file of texts gives them."""
    return data.decode("utf-8", "replace")


def read_note(data: bytes) -> None:
    note = Note.parse(data)
    assert note.encode() == data
    Checkpoint.parse(note.text)


def opened_note(data: bytes) -> None:
    Checkpoint.open(data, LOG.verifier)
    Cosignature.open(Note.parse(data), W1_KEY)


def read_proof(data: bytes) -> None:
    proof = Proof.parse(data)
    assert proof.encode() == data
    proof.verify(leaves(8)[3])


def read_request(data: bytes) -> None:
    request = Request.parse(data)
    assert request.encode() == data


def read_statement(data: bytes) -> None:
    Attestation.parse(Statement.parse(data))


def read_envelope(data: bytes) -> None:
    envelope = Envelope.parse(data)
    envelope.signed_by([ANNA.verifier, OFFICER.verifier])
    Attestation.open(envelope)


def read_envelope_around(data: bytes) -> None:
    """Read a statement inside an envelope that its owner signed: whoever has a key can lie."""
    Attestation.open(Envelope(data).sign(ANNA))


def read_approval(data: bytes) -> None:
    Approval.open(Envelope(data).sign(ANNA))


def read_archive(data: bytes) -> None:
    caps = Caps()
    whole = Opened(Archive(io.BytesIO(data), caps), caps)
    manifest, _ = whole.manifest()
    for name in manifest.members:
        whole.check_member(name, manifest)


def read_entry(data: bytes) -> None:
    assert Entry.parse(data).encode() == data


def read_opening(data: bytes) -> None:
    Opening.parse(data)


def read_fork(data: bytes) -> None:
    Fork.open(data, keys())


def read_key(data: bytes) -> None:
    VerifierKey.parse(text(data), (ED25519, COSIGNATURE))


def read_canonical(data: bytes) -> None:
    assert encode(parse(data)) == data


def read_manifest(data: bytes) -> None:
    assert Manifest.parse(data).encode() == data


def read_redactions(data: bytes) -> None:
    assert Redactions.parse(data).encode() == data


W1_KEY = VerifierKey.parse(vkey(W1), (COSIGNATURE,))
ADDRESSES = (
    b"postgresql://owner:pass@db.example:5432/lab?sslmode=require&application_name=x",
    b"postgresql://[::1],h2:1/lab-a?target_session_attrs=read-write",
    b"postgres:///lab?host=/var/run&dbname=lab",
)


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Reader]:
    """Return every reader with good inputs."""
    folder = tmp_path_factory.mktemp("fuzz")
    context = filled(folder)
    members = members_of(context)
    lines = members["entries.jsonl"].split(b"\n")[:-1]
    disclosed = [json.loads(row)["disclosure"] for row in members["disclosures.jsonl"].splitlines()]
    openings = [str(each).encode() for each in disclosed]
    notes = [cosigned(leaves(8), W1), signed(leaves(8)), signed(leaves(0))]
    note = cosigned(leaves(8), W1)
    proof = Proof(
        3, tuple(inclusion_proof(leaves(8), 3)), Checkpoint.parse(Note.parse(note).text), note
    )
    statement = attestation().statement().encode()
    approved = {"vkey": ANNA.verifier.encode()}
    approval = approval_of("key", LOG.name, approved, date(2026, 11, 23)).payload
    forked = [Signed.open(signed(leaves(8, branch, 3)), keys()) for branch in ("", "x")]
    fork = compare(*forked).fork
    assert fork is not None
    answer = b"".join(note.rsplit(b"\n", 2)[-2:-1]) + b"\n"
    asks = {
        **ASKED,
        "four_eyes": ["attestation", "restatement", "adoption"],
        "keys": [
            {"vkey": SIGNER.verifier.encode(), "from_size": 0, "to_size": None},
        ],
        "window_days_max": 40,
        "silence_days_max": None,
        "remembered": [members["checkpoints/000000000003"].decode()],
    }
    return {
        "note": Reader(read_note, notes),
        "note opened": Reader(opened_note, notes),
        "cosignatures": Reader(parse_cosignatures, [answer]),
        "receipt": Reader(read_proof, [proof.encode()]),
        "request": Reader(
            read_request, [asked(leaves(9), 5).encode(), asked(leaves(4), 0).encode()]
        ),
        "policy lines": Reader(parse_policy, [policy_lines("group g 2 w1 w2 w3", "quorum g")]),
        "policy document": Reader(parse_policy, [policy_text(), policy_text(**asks)]),
        "envelope": Reader(read_envelope, [Envelope(statement).sign(ANNA).encode()]),
        "statement": Reader(read_statement, [statement]),
        "statement signed": Reader(read_envelope_around, [statement]),
        "approval": Reader(read_approval, [approval]),
        "manifest": Reader(read_manifest, [members["manifest.json"]]),
        "redactions": Reader(read_redactions, [members["redactions.json"]]),
        "archive": Reader(read_archive, [archive_of(members_without_rules(members))]),
        "canonical": Reader(read_canonical, [*lines[:3], statement, b'{"a":[1,"\xc3\xa9",null]}']),
        "entry": Reader(read_entry, lines),
        "opening": Reader(read_opening, openings),
        "pack": Reader(lambda data: unpack(data, where="pack"), [members["pack.json"]], 100),
        "fork": Reader(read_fork, [fork.encode()]),
        "key": Reader(read_key, [ANNA.verifier.encode().encode(), vkey(W1).encode()]),
        "pem": Reader(lambda data: FileSigner.parse_pem("a", data), [ANNA.pem()], 20),
        "peaks": Reader(
            lambda data: CompactRange.parse(text(data)),
            [CompactRange.of(leaves(7)).encode().encode()],
        ),
        "address": Reader(lambda data: Address.parse(text(data)), ADDRESSES),
        "proposal": proposals(folder),
    }


NAMES = (
    *("note", "note opened", "cosignatures", "receipt", "request", "policy lines"),
    *("policy document", "envelope", "statement", "statement signed", "approval", "manifest"),
    *("redactions", "archive", "canonical", "entry", "opening", "pack", "fork", "key", "pem"),
    *("peaks", "address", "proposal"),
)


def members_without_rules(members: Members) -> Members:
    """Return members of a bundle that is small, and sound but for the law."""
    return relisted({name: data for name, data in members.items() if name != "pack.json"})


def proposals(folder: Path) -> Reader:
    """Return the reader of corrections, at the desk of a ledger."""
    context = found(folder, "corrected.db")
    fill(context, [leg(0), leg(1)])
    store = location_of(context).open()
    files = Files(context.ledger)
    log = Log(store, NotesFile(files.checkpoints), identity())
    parties = Parties(log.pseudonym, store)
    desk = Desk(log, store, ORIGIN, load_vocabulary(pack()), parties, date(2026, 11, 23))
    record = {"type": "allocation", **allocation(run="run-0", operations=5)}
    right = propose(desk, 0, [record], Reason("wrong_device", "a table", "2026-11-20"))
    gone = propose(desk, 1, [], Reason("duplicate", None, None))
    return Reader(lambda data: read_proposal(data, desk), [right.encode(), gone.encode()], 4)


def refusal_of(reader: Reader, data: bytes, label: str) -> str | None:
    """Return in which words a reader refuses, or None if it takes what it is given."""
    try:
        reader.read(data)
    except LedgerError as error:
        return str(error)
    except Exception as error:
        error.add_note(f"{label}: {data[:2000]!r}")
        raise
    return None


def tried(name: str, reader: Reader, count: int) -> int:
    """Give a reader so many spoilt inputs; return how many it took."""
    for data in reader.corpus:
        reader.read(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = 0
    for number in range(max(count // reader.share, 2)):
        data = spoilt(random.Random(f"{name} {number}"), reader.corpus)
        began = time.process_time()
        refusal = refusal_of(reader, data, f"{name} {number}")
        taken += refusal is None
        # A refusal is told to people: it must not repeat what it refuses at any length.
        assert len(refusal or "") < 2000, (name, number, refusal)
        assert time.process_time() - began < SECONDS_MAX, (name, number, data[:2000])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < GROWTH_KIB_MAX, (name, grown)
    return taken


@pytest.mark.parametrize("name", NAMES)
def test_reader_answers_or_refuses(name: str, readers: Mapping[str, Reader]) -> None:
    tried(name, readers[name], QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_reader_answers_or_refuses_many_times(name: str, readers: Mapping[str, Reader]) -> None:
    tried(name, readers[name], LONG)


def test_every_reader_is_tried(readers: Mapping[str, Reader]) -> None:
    assert set(readers) == set(NAMES)


def hostile_bundle(members: Members, number: int) -> tuple[Members, str]:
    """Return a bundle of somebody who holds the key of the ledger and may write anything."""
    chance = random.Random(f"bundle {number}")
    name = chance.choice(sorted(set(members) - {"manifest.json"}))
    if name == "entries.jsonl":
        lines = members[name].split(b"\n")[:-1]
        place = chance.randrange(len(lines))
        line = spoilt(chance, [lines[place]])
        try:
            # Linked and signed anew: nothing but what the entry says is wrong.
            return resealed(members, SIGNER, *lines[:place], line, *lines[place + 1 :]), name
        except (ValueError, TypeError, KeyError, LedgerError):
            return relisted({**members, name: b"\n".join([*lines, line])}), name
    if name == "pack.json" and number % 10:
        name = "redactions.json"
    return relisted({**members, name: spoilt(chance, [members[name]])}), name


def given(members: Members, count: int) -> None:
    """Verify so many hostile bundles."""
    for number in range(count):
        changed, name = hostile_bundle(members, number)
        began = time.process_time()
        try:
            found_ = verdict(changed, policy(**ASKED))
            assert found_.exit_status in {0, 1, 3, 4}, (number, name)
        except LedgerError:
            continue
        except Exception as error:
            error.add_note(f"bundle {number}: {name}")
            raise
        assert time.process_time() - began < SECONDS_MAX, (number, name)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    context = filled(tmp_path_factory.mktemp("bundle"))
    attested(context)
    return members_of(context)


def test_verifier_answers_to_the_holder_of_the_key(members: Members) -> None:
    given(members, 12)


@pytest.mark.slow
def test_verifier_answers_to_the_holder_of_the_key_many_times(members: Members) -> None:
    given(members, 4000)
