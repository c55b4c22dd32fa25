"""Attestations and approvals: golden bytes, foreign verifiers, and what is refused by name."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attested import ANNA, BEN, CHECKPOINT, IMPOSTOR, LOG, ORIGIN, attestation
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from supplied import supplied

from ledger.approval import Approval, approval_of
from ledger.attestation import ATTESTATION, Attestation, check_entry, check_follows
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint
from ledger.claim import Completeness, Days, Population
from ledger.envelope import Envelope, EnvelopeSignature, keyid_of, pae
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.statement import Statement

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
DAY = date(2026, 11, 26)
STATEMENT = attestation().statement()
SIGNED = Envelope(STATEMENT.encode()).sign(ANNA).sign(BEN)
ANNA_KEY, BEN_KEY = ANNA.verifier, BEN.verifier
ACT: dict[str, Any] = {"reverses": 7, "hash": "ab" * 32, "reason": "wrong_device"}

GOLDEN_SHA256 = "b938dc15cb38c6d3e807a6cc9048831e221208557586339c7944ce86a0578007"


def test_attestation_bytes_are_golden() -> None:
    assert SIGNED.sha256() == GOLDEN_SHA256
    assert Envelope.parse(SIGNED.encode()) == SIGNED
    assert Attestation.open(SIGNED) == attestation()
    assert Statement.parse(STATEMENT.encode()) == STATEMENT


def test_attestation_golden_bytes_stand_on_the_page() -> None:
    page = (SCHEMAS / "attestation.v1.md").read_text("utf-8")
    assert GOLDEN_SHA256 in page
    assert SIGNED.encode().decode() in page
    assert ANNA_KEY.encode() in page


def test_attestation_subject_is_the_checkpoint_body_and_no_leaf_hash() -> None:
    assert STATEMENT.name == f"{ORIGIN}@2"
    assert STATEMENT.sha256 == hashlib.sha256(CHECKPOINT.text().encode()).hexdigest()


def test_pae_is_that_of_the_dsse_vectors(shared_path: Callable[[str], Path]) -> None:
    vectors = json.loads(shared_path("vectors/dsse.json").read_text("utf-8"))
    assert vectors["pae"]
    for vector in vectors["pae"]:
        given = pae(vector["payload_type"], bytes.fromhex(vector["body_hex"]))
        assert given.hex() == vector["pae_hex"]


def test_envelope_of_the_dsse_vectors_verifies_over_our_pae(
    shared_path: Callable[[str], Path],
) -> None:
    vectors = json.loads(shared_path("vectors/dsse.json").read_text("utf-8"))
    envelope = Envelope.parse(encode(vectors["envelope"]))
    point = vectors["public_key"]
    numbers = ec.EllipticCurvePublicNumbers(int(point["x"]), int(point["y"]), ec.SECP256R1())
    key = numbers.public_key()
    raw = envelope.signatures[0].signature
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(der, envelope.pae(), ec.ECDSA(hashes.SHA256()))
    # A signature of a kind that nobody here reads is carried and counts for nobody.
    assert envelope.signed_by([ANNA_KEY]).unknown == ("",)


@pytest.mark.thirdparty
def test_securesystemslib_verifies_our_envelope() -> None:
    dsse = supplied("securesystemslib.dsse", "securesystemslib")
    signer = supplied("securesystemslib.signer", "securesystemslib")

    def foreign(key: Any) -> Any:
        value = {"public": key.public.hex()}
        return signer.SSlibKey(keyid_of(key), "ed25519", "ed25519", value)

    theirs = dsse.Envelope.from_dict(json.loads(SIGNED.encode()))
    found = theirs.verify([foreign(ANNA_KEY), foreign(BEN_KEY)], 2)
    assert set(found) == {keyid_of(ANNA_KEY), keyid_of(BEN_KEY)}
    assert theirs.payload == STATEMENT.encode()
    errors = supplied("securesystemslib.exceptions", "securesystemslib")
    other = Envelope(b"{}").sign(BEN).signatures
    lifted = Envelope(SIGNED.payload, signatures=(SIGNED.signatures[0], *other))
    theirs = dsse.Envelope.from_dict(json.loads(lifted.encode()))
    with pytest.raises(errors.VerificationError):
        theirs.verify([foreign(ANNA_KEY), foreign(BEN_KEY)], 2)


def test_attestation_schema_takes_a_statement_and_refuses_another() -> None:
    jsonschema = supplied("jsonschema", "jsonschema")
    referencing = supplied("referencing", "referencing")
    schema = json.loads((SCHEMAS / "attestation.v1.schema.json").read_text("utf-8"))
    open_check = {"$schema": schema["$schema"], "$id": schema["$defs"]["check"]["$ref"]}
    registry = referencing.Registry().with_resource(
        open_check["$id"], referencing.Resource.from_contents(open_check)
    )
    validator = jsonschema.Draft202012Validator(schema, registry=registry)
    value = json.loads(STATEMENT.encode())
    validator.validate(value)
    for path in ("number", "population", "totals", "completeness", "period"):
        bad = json.loads(STATEMENT.encode())
        bad["predicate"][path] = {"none": 1}
        assert list(validator.iter_errors(bad)), path


def _payload(change: Callable[[dict[str, Any]], None]) -> Statement:
    """Return the statement after a change of its predicate, with the subject it then has."""
    value = json.loads(STATEMENT.encode())
    change(value)
    return Statement.parse(encode(value))


def _predicate(**changes: Any) -> Callable[[], object]:
    """Return a reader of the attestation whose predicate has other members."""
    return lambda: Attestation.parse(_payload(lambda v: v["predicate"].update(changes)))


def _other_root() -> object:
    ledger = {"origin": ORIGIN, "root": "00" * 32, "size": 2}
    return Attestation.parse(_payload(lambda v: v["predicate"].update(ledger=ledger)))


def _parse(data: bytes) -> Callable[[], object]:
    return lambda: Envelope.parse(data)


def _envelope(**changes: Any) -> bytes:
    return encode({**json.loads(SIGNED.encode()), **changes})


def _signature(**changes: Any) -> bytes:
    row = json.loads(SIGNED.encode())["signatures"][0]
    return _envelope(signatures=[{**row, **changes}])


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "not-canonical": (_parse(SIGNED.encode() + b"\n"), "not in canonical form"),
    "spaces": (_parse(json.dumps(json.loads(SIGNED.encode())).encode()), "canonical form"),
    "duplicate-key": (
        _parse(SIGNED.encode().replace(b'{"payload":', b'{"payload":"","payload":', 1)),
        "canonical form",
    ),
    "unknown-member": (_parse(_envelope(extra=1)), "exactly payload"),
    "no-signature": (_parse(_envelope(signatures=[])), "list of 1 to 32"),
    "33-signatures": (
        _parse(
            _envelope(
                signatures=[{"sig": base64.b64encode(bytes([n])).decode()} for n in range(33)]
            )
        ),
        "list of 1 to 32",
    ),
    "same-signature-twice": (
        _parse(_envelope(signatures=json.loads(SIGNED.encode())["signatures"][:1] * 2)),
        "one signature twice",
    ),
    "empty-signature": (_parse(_signature(sig="")), "signature of 0 bytes"),
    "signature-of-no-base64": (_parse(_signature(sig="!!")), "not base64"),
    "stray-bits": (_parse(_signature(sig="QR==")), "not canonical base64"),
    "url-safe-base64": (_parse(_signature(sig="-_-_")), "not base64"),
    "signature-member": (_parse(_signature(cert="x")), "sig and perhaps keyid"),
    "long-keyid": (_parse(_signature(keyid="k" * 257)), "keyid is a text of 1"),
    "keyid-null": (_parse(_signature(keyid=None)), "keyid is a text of 1"),
    "payload-no-text": (_parse(_envelope(payload=1)), "not a text of base64"),
    "payload-type-no-text": (_parse(_envelope(payloadType=1)), "payloadType"),
    "other-payload-type": (
        lambda: Attestation.open(Envelope(STATEMENT.encode(), "application/json")),
        "carries 'application/json'",
    ),
    "statement-of-another-type": (
        lambda: _payload(lambda v: v.update(_type="https://in-toto.io/Statement/v0.1")),
        "not of the type",
    ),
    "two-subjects": (lambda: _payload(lambda v: v.update(subject=v["subject"] * 2)), "one subject"),
    "no-subject": (lambda: _payload(lambda v: v.update(subject=[])), "exactly one subject"),
    "subject-of-other-digest": (
        lambda: _payload(lambda v: v["subject"][0].update(digest={"sha512": "00"})),
        "sha256 and nothing else",
    ),
    "subject-digest-upper-case": (
        lambda: _payload(lambda v: v["subject"][0].update(digest={"sha256": "AB" * 32})),
        "64 hex digits",
    ),
    "approval-as-attestation": (
        lambda: Attestation.open(approval_of("restatement", ORIGIN, ACT, DAY)),
        "not an attestation",
    ),
    "attestation-as-approval": (lambda: Approval.parse(STATEMENT), "not an approval"),
    "predicate-member": (_predicate(extra=1), "exactly the members"),
    "number-zero": (_predicate(number=0), "numbered from 1"),
    "number-true": (_predicate(number=True), "no count"),
    "number-negative": (_predicate(number=-1), "no count"),
    "previous-short": (_predicate(previous="ab"), "previous of the attestation is not 64"),
    "period-backwards": (
        _predicate(period={"start": "2027-01-01", "end": "2026-01-01"}),
        "holds no day",
    ),
    "period-no-date": (_predicate(period={"start": "2026-02-30", "end": "2027-01-01"}), "exist"),
    "claim-unknown": (
        _predicate(completeness={"claim": "complete", "omissions": []}),
        "no claim of completeness",
    ),
    "claim-contradicted": (
        _predicate(completeness={"claim": "every-run-recorded", "omissions": ["June"]}),
        "omission that is known is named",
    ),
    "omissions-unnamed": (
        _predicate(completeness={"claim": "known-omissions", "omissions": []}),
        "0 omissions named",
    ),
    "types-do-not-add-up": (
        _predicate(population={"by_type": {"fact": 1}, "entries": 2, "models": 1, "runs": 1}),
        "by type 1",
    ),
    "population-of-another-size": (
        _predicate(population={"by_type": {"fact": 3}, "entries": 3, "models": 1, "runs": 1}),
        "counts 3 entries under a checkpoint over 2",
    ),
    "totals-no-list": (_predicate(totals={"by_grade": {}, "by_counting_set": []}), "no list"),
    "check-of-another-kind": (_predicate(check={"schema": "flopledger/check.v0"}), "check.v1"),
    "check-of-another-checkpoint": (
        _predicate(
            check={
                "schema": "flopledger/check.v1",
                "ledger": {"origin": ORIGIN, "root": "00" * 32, "size": 2},
            }
        ),
        "not one of the checkpoint attested",
    ),
    "subject-of-another-checkpoint": (_other_root, "not the checkpoint that it states"),
    "empty-log-with-a-root": (
        _predicate(ledger={"origin": ORIGIN, "root": "11" * 32, "size": 0}),
        "root of another",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_attestation_refuses_by_name(name: str) -> None:
    act, words = REFUSED[name]
    with pytest.raises(LedgerError) as error:
        act()
    said = f"{error.value.message} {error.value.why}"
    assert words in said, said


def test_attestation_neighbours_of_what_is_refused_are_accepted() -> None:
    assert Envelope.parse(_envelope()) == SIGNED
    assert Envelope.parse(_signature(keyid="anything")).signatures[0].keyid == "anything"
    again = _payload(lambda v: v["predicate"].update(number=2, previous="ab" * 32))
    assert Attestation.parse(again).number == 2
    omitted = {"claim": "known-omissions", "omissions": ["June"]}
    some = _payload(lambda v: v["predicate"].update(completeness=omitted))
    assert Attestation.parse(some).completeness == Completeness("known-omissions", ("June",))


def test_threat_14_signature_by_a_substituted_key_counts_for_nobody() -> None:
    forged = Envelope(STATEMENT.encode()).sign(IMPOSTOR)
    assert forged.signed_by([ANNA_KEY, BEN_KEY]).keys == ()
    # The same, under the hint of the key that it would like to be.
    row = EnvelopeSignature(keyid_of(ANNA_KEY), forged.signatures[0].signature)
    claimed = Envelope(STATEMENT.encode(), signatures=(row,))
    with pytest.raises(IntegrityError, match=r"claims to be by law\.example/anna"):
        claimed.signed_by([ANNA_KEY, BEN_KEY])


def test_threat_15_signature_lifted_from_another_statement_is_refused() -> None:
    other = Envelope(attestation(number=2, previous="ab" * 32).statement().encode()).sign(ANNA)
    lifted = Envelope(STATEMENT.encode(), signatures=other.signatures)
    with pytest.raises(IntegrityError, match="not over this statement"):
        lifted.signed_by([ANNA_KEY])
    # The type is signed too: the same bytes as another kind of thing are other bytes.
    retyped = Envelope(SIGNED.payload, "application/json", SIGNED.signatures)
    with pytest.raises(IntegrityError, match="not over this statement"):
        retyped.signed_by([ANNA_KEY])


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (Checkpoint("ledger.example/lab-b", 2, CHECKPOINT.root), "another ledger"),
        (Checkpoint(ORIGIN, 3, CHECKPOINT.root), "another size"),
        (Checkpoint(ORIGIN, 2, bytes(32)), "another root"),
    ],
)
def test_threat_15_attestation_of_another_ledger_is_refused(shown: Checkpoint, words: str) -> None:
    attestation().check_binding(CHECKPOINT)
    with pytest.raises(IntegrityError, match=words):
        attestation().check_binding(shown)


def test_threat_10_replayed_or_left_out_attestation_is_refused() -> None:
    first = attestation()
    second = attestation(number=2, previous=first.statement().payload_sha256())
    check_follows(first, None)
    check_follows(second, first.statement(), number=2)
    with pytest.raises(IntegrityError, match="number 1, the series goes on with 2"):
        check_follows(first, first.statement())
    with pytest.raises(IntegrityError, match="number 2, the series goes on with 1"):
        check_follows(second, None)
    with pytest.raises(IntegrityError, match="names another one before it"):
        check_follows(attestation(number=2, previous="ab" * 32), first.statement())
    with pytest.raises(IntegrityError, match="names another one before it"):
        check_follows(attestation(previous="ab" * 32), None)
    smaller = attestation(
        checkpoint=Checkpoint(ORIGIN, 1, CHECKPOINT.root),
        population=Population(1, {"fact": 1}, 0, 0),
        number=2,
        previous=first.statement().payload_sha256(),
    )
    with pytest.raises(IntegrityError, match="fewer entries than the last"):
        check_follows(smaller, first.statement())


def test_entry_names_its_envelope() -> None:
    body = {"envelope_sha256": SIGNED.sha256(), "number": 1, "size": 2}
    check_entry(body, 2, SIGNED)
    for change, words in (
        ({"envelope_sha256": "00" * 32}, "names another envelope"),
        ({"number": 2}, "says number 2"),
        ({"size": 3}, "over 3 entries"),
    ):
        with pytest.raises(IntegrityError, match=words):
            check_entry({**body, **change}, 2, SIGNED)
    with pytest.raises(IntegrityError, match="recorded as entry 1"):
        check_entry(body, 1, SIGNED)
    approval = approval_of("restatement", ORIGIN, ACT, DAY).sign(BEN)
    named = {"envelope_sha256": approval.sha256(), "number": 0, "size": 9}
    check_entry(named, 9, approval)
    with pytest.raises(IntegrityError, match="says number 1"):
        check_entry({**named, "number": 1}, 9, approval)


def test_days_are_half_open() -> None:
    assert Days.parse("2026-01-01..2026-01-02") == Days(date(2026, 1, 1), date(2026, 1, 2))
    for text in ("2026-01-01..2026-01-01", "2026-01-01", "2026-01-01…2027-01-01"):
        with pytest.raises(InputError):
            Days.parse(text)


def test_attestation_type_is_the_published_one() -> None:
    assert STATEMENT.predicate_type == ATTESTATION == "urn:flopledger:attestation:v1"
    assert LOG.verifier.name == ORIGIN
