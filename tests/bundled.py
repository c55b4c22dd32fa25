"""Bundles for tests: made of ledgers with fixed keys, taken apart, altered and put together."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jsonschema
from sealed import ORIGIN, SIGNER, entries, fill, found, leg, opened, reversal, said

from ledger.attestation import Attestation
from ledger.bundle import Archive, Caps, Manifest, Part, assembled, write_bundle
from ledger.bundle.manifest import Listed
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint, Note
from ledger.claim import Completeness, Days
from ledger.cli.context import Context
from ledger.cli.keeping import SignedLeaves
from ledger.cosignature import cosign, cosigner
from ledger.determination import PlainEvaluator
from ledger.engines.ahead import Ahead
from ledger.engines.once import OnceEngine
from ledger.engines.plain import PlainEngine
from ledger.entry import Entry
from ledger.envelope import Envelope
from ledger.journeys.attesting import Held, Told, attest, record_envelope
from ledger.journeys.bundling import Beside, Bundled, bundle
from ledger.journeys.checking import Question, Records, check
from ledger.journeys.recomputing import Asking
from ledger.keys import FileSigner, VerifierKey
from ledger.merkle import CompactRange, leaf_hash
from ledger.pack import Pack, pack_bytes, unpack
from ledger.policy import Policy, parse_policy
from ledger.report.bundle_verdict import Occasion, bundle_document
from ledger.resources import rules_root
from ledger.statement import Statement
from ledger.stores.envelopes import EnvelopeFolder
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore
from ledger.verify.bundle import NAMES, BundleLeaves, BundleVerdict, Fault, Step, verify_bundle

OFFICER = FileSigner.from_seed("law.example/officer", b"o" * 32)
APPROVER = FileSigner.from_seed("law.example/approver", b"a" * 32)
STRANGER = FileSigner.from_seed(ORIGIN, b"s" * 32)
WITNESS = FileSigner.from_seed("witness.example/w1", b"w" * 32)
SECOND = FileSigner.from_seed("witness.example/w2", b"x" * 32)
WITNESSED_AT = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
TODAY = date(2026, 11, 24)
RULES = rules_root(None)
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "verify-bundle.v1.schema.json"
OCCASION = Occasion("0" * 64, (), "2026-11-24T00:00:00Z", "0.1.0")
OLD = "checkpoints/000000000011"
NEWEST = "checkpoints/000000000012"
Members = dict[str, bytes]


@lru_cache
def pack() -> Pack:
    """Return the rules that ship."""
    return unpack(packed(), where="pack.json")[0]


@lru_cache
def packed() -> bytes:
    """Return the file of these rules."""
    return pack_bytes(RULES)


def policy(**members: Any) -> Policy:
    """Return a policy that knows the key of the ledger, and whatever is given."""
    return parse_policy(policy_text(**members))


def policy_text(*, lines: tuple[str, ...] = (), **members: Any) -> bytes:
    """Return the file of such a policy."""
    own = [f"log {SIGNER.verifier.encode()}", *(lines or ("quorum none",))]
    value = {"schema": "flopledger/policy.v1", "tlog_policy": own, **members}
    return json.dumps(value).encode()


def people(*, recorder: bool = False) -> list[dict[str, Any]]:
    """Return an officer and an approver, as a policy names them."""
    approver = SIGNER if recorder else APPROVER
    return [
        {"name": "Ann Example", "roles": ["officer"], "vkeys": [OFFICER.verifier.encode()]},
        {"name": "Bob Example", "roles": ["approver"], "vkeys": [approver.verifier.encode()]},
    ]


ASKED = {"people": people(), "attestation": {"officer": 1, "approver": 1}}


def filled(folder: Path) -> Context:
    """Found a ledger with every kind of row that a bundle can hold."""
    context = found(folder)
    fill(context, [leg(n) for n in range(3)], [said(0), leg(4, status="provisional")])
    fill(context, [leg(4)], [reversal(entries(context)[3])], [said(n) for n in range(1, 4)])
    return context


def attested(context: Context, *signers: FileSigner) -> Envelope:
    """Attest the ledger under its newest checkpoint, and record it."""
    return record(context, drawn_up(context), *signers)


def filled_and_attested(folder: Path) -> Context:
    """Make a ledger of eleven entries and the statement of both people about them."""
    context = filled(folder)
    attested(context)
    return context


def drawn_up(context: Context, question: Question | None = None) -> Attestation:
    """Draw up an attestation of the ledger under its newest checkpoint."""
    question = question or Question(TODAY, TODAY, TODAY, datetime(2026, 11, 24, 12, tzinfo=UTC))
    with SqliteStore(context.ledger) as store:
        records, size = _records(store, question.as_of)
        checked = check(question, records, pack(), PlainEvaluator())
        leaves = (row.bytes for row in store.read(0, size))
        told = Told(
            Days(date(2026, 1, 1), date(2027, 1, 1)),
            Completeness("every-run-recorded"),
            _before(context, store),
        )
        return attest(told, checked, Held(records, pack(), leaves))


def record(context: Context, attestation: Attestation, *signers: FileSigner) -> Envelope:
    """Sign an attestation, keep its envelope, and record it, whatever it says."""
    envelope = Envelope(attestation.statement().encode())
    for signer in signers or (OFFICER, APPROVER):
        envelope = envelope.sign(signer)
    EnvelopeFolder(Files(context.ledger).attestations).write(envelope)
    with opened(context) as log:
        record_envelope(log, envelope, size=attestation.checkpoint.size, number=attestation.number)
    return envelope


def _records(store: SqliteStore, as_of: date) -> tuple[Records, int]:
    """Fold the whole ledger with the plain engine."""
    size = store.head().size
    engine = PlainEngine(store)
    folded = engine.fold(size=size, limit=size, as_of=as_of, root=store.head().range.root())

    def legs(models: frozenset[str]) -> Any:
        return engine.legs(models, limit=size, as_of=as_of)

    return Records(ORIGIN, folded, 0, legs), size


def _before(context: Context, store: SqliteStore) -> Statement | None:
    """Return the statement of the newest attestation."""
    folder = EnvelopeFolder(Files(context.ledger).attestations)
    held = [Entry.parse(row.bytes) for row in store.read(0, store.head().size)]
    named = [entry.body["envelope_sha256"] for entry in held if entry.type == "attestation"]
    return Statement.open(Envelope.parse(folder.read(str(named[-1])))) if named else None


def cosigned(note: bytes, *witnesses: FileSigner, time: int = WITNESSED_AT) -> bytes:
    """Return a note with the cosignatures of witnesses."""
    held = Note.parse(note)
    lines = [cosign(held.text, time, signer).line() for signer in witnesses]
    return Note(held.text, (*held.signatures, *lines)).encode()


def witness_line(name: str, signer: FileSigner) -> str:
    """Return the line of a policy that names a witness."""
    return f"witness {name} {cosigner(signer).encode()}"


ONE = (witness_line("w1", WITNESS), "quorum w1")
TWO = (
    *(witness_line("w1", WITNESS), witness_line("w2", SECOND)),
    *("group both all w1 w2", "quorum both"),
)
"""Lines of a policy: one witness, or both of two."""


def drawn(context: Context, audience: Any = "authority", **options: Any) -> Bundled:
    """Choose what goes into a bundle of a ledger; everything is read at once."""
    with SqliteStore(context.ledger) as store:
        beside = beside_of(context, store, options.get("anchors"))
        made = bundle(store, beside, audience, at=options.get("at"))
        read = {name: b"".join(source()) for name, source in made.sources.items()}
    sources = {name: (lambda data=data: [data]) for name, data in read.items()}
    return Bundled(made.made, sources, made.redactions, made.absent)


def beside_of(
    context: Context, store: SqliteStore, anchors: Mapping[str, bytes] | None = None
) -> Beside:
    """Return what stands beside a ledger."""
    files = Files(context.ledger)
    notes = NotesFile(files.checkpoints)
    folder = EnvelopeFolder(files.attestations)
    digests = set(folder.digests())
    return Beside(
        [record.removesuffix(b"\n") for record in notes.notes(notes.settled_size())],
        lambda digest: folder.read(digest) if digest in digests else None,
        (anchors or {}).get,
        {},
        packed(),
        # The first key signs in these ledgers, whoever else does.
        lambda _: SignedLeaves(store, VerifierKey.parse(store.vkey()), None),
    )


def members_of(context: Context, audience: Any = "authority", **options: Any) -> Members:
    """Return the members of a bundle of a ledger by name."""
    made = drawn(context, audience, **options)
    return {part.name: b"".join(part.chunks) for part in assembled(made.made, made.sources)}


def archived(members: Mapping[str, bytes]) -> bytes:
    """Return members as an archive, whatever the manifest says of them."""
    file = io.BytesIO()
    write_bundle(file, [Part(name, [members[name]]) for name in sorted(members)])
    return file.getvalue()


def relisted(members: Mapping[str, bytes], **changes: Any) -> Members:
    """Return members with a manifest that lists them as they are now."""
    old = Manifest.parse(members["manifest.json"])
    listed = {
        name: Listed(hashlib.sha256(data).hexdigest(), len(data))
        for name, data in members.items()
        if name != "manifest.json"
    }
    values = {"kind": old.kind, "origin": old.origin, "size": old.size, "audience": old.audience}
    return {**members, "manifest.json": Manifest(**{**values, **changes}, members=listed).encode()}


def resealed(members: Mapping[str, bytes], signer: FileSigner, *leaves: bytes) -> Members:
    """Return members whose entries are these, linked anew, with every checkpoint signed again."""
    prev, linked = "", []
    for leaf in leaves:
        value = json.loads(leaf)
        value["prev"] = prev or value["prev"]
        data = encode(value)
        linked.append(data)
        prev = leaf_hash(data).hex()
    hashes = [leaf_hash(data) for data in linked]
    changed = {**members, "entries.jsonl": b"".join(data + b"\n" for data in linked)}
    for name in members:
        if name.startswith("checkpoints/"):
            size = int(name.rpartition("/")[2])
            root = CompactRange.of(hashes[:size]).root()
            changed[name] = Checkpoint(ORIGIN, size, root).sign(signer)
    return relisted(changed)


class Asked:
    """Asks the law as the program does: of what was gathered while the walk went by."""

    def __init__(self, own: Pack | None = None) -> None:
        self.own = own or pack()
        self.ahead = Ahead()

    def __call__(self, leaves: BundleLeaves, packed: bytes | None) -> Asking:
        engine_of = partial(OnceEngine, ahead=self.ahead)
        return Asking(leaves, packed, self.own, PlainEvaluator(), engine_of)


def asking(own: Pack | None = None) -> Asked:
    """Return what asks the law, under these rules or those that ship."""
    return Asked(own)


def verdict(
    members: Mapping[str, bytes] | bytes, asked: Policy | None = None, **options: Any
) -> BundleVerdict:
    """Verify members, or an archive, under a policy."""
    data = members if isinstance(members, bytes) else archived(members)
    caps = options.pop("caps", Caps())
    if isinstance(recompute := options.get("recompute"), Asked):
        options.setdefault("follower", recompute.ahead)
    return verify_bundle(
        lambda: Archive(io.BytesIO(data), caps), asked or policy(), caps=caps, **options
    )


def step(found: BundleVerdict, name: str) -> Step:
    """Return the step of this name."""
    return next(each for each in found.steps if each.name == name)


def fault(found: BundleVerdict, name: str) -> Fault:
    """Return the fault, which must be of this step."""
    assert found.fault is not None, [each for each in found.steps if each.outcome != "held"]
    assert NAMES[found.fault.step] == name, found.fault
    assert found.exit_status == 4
    return found.fault


def witnessed(members: Members, *witnesses: FileSigner, **options: Any) -> Members:
    """Return members whose two newest checkpoints carry cosignatures."""
    changed = dict(members)
    for name in options.pop("names", (OLD, NEWEST)):
        changed[name] = cosigned(members[name], *witnesses, **options)
    return relisted(changed)


def valid(found: BundleVerdict) -> dict[str, Any]:
    """Return the document of a verdict, once it follows its schema."""
    document = bundle_document(found, OCCASION)
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    return document
