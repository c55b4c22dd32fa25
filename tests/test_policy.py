"""The regulator's policy: both forms, quorums, and everything that must not pass for one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from witnesses import (
    ANN,
    BEN,
    LOG,
    NEW_KEY,
    W1,
    W2,
    W3,
    leaves,
    policy_text,
    signed,
    vkey,
)

from ledger.cosignature import cosigner
from ledger.errors import InputError, LedgerError
from ledger.keys import FileSigner, VerifierKey
from ledger.policy import MEMBERS, POLICY_MAX, Policy, parse_policy

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
LINES = policy_text("group g 2 w1 w2 w3", "quorum g").decode().splitlines()


def certificate() -> str:
    """Return a certificate, PEM."""
    key = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tsa.example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    return builder.sign(key, None).public_bytes(Encoding.PEM).decode()


ROOT = certificate()


def document(**changes: Any) -> dict[str, Any]:
    """Return a policy in its JSON form that asks for everything."""
    return {
        "schema": "flopledger/policy.v1",
        "tlog_policy": LINES,
        "keys": [
            {
                "vkey": LOG.verifier.encode(),
                "from_size": 0,
                "to_size": 100,
                "not_before": "2026-01-01T00:00:00Z",
                "not_after": None,
                "revoked": {"from_size": 50, "at": "2026-11-01T00:00:00Z", "reason": "retired"},
            }
        ],
        "people": [
            {"name": "Ann Example", "roles": ["officer"], "vkeys": [ANN.verifier.encode()]},
            {
                "name": "Ben Example",
                "roles": ["approver", "recorder"],
                "vkeys": [BEN.verifier.encode(), LOG.verifier.encode()],
            },
        ],
        "attestation": {"officer": 1, "approver": 1},
        "four_eyes": ["attestation", "restatement"],
        "window_days_max": 40,
        "silence_days_max": 35,
        "remembered": [signed(leaves(5)).decode()],
        "timestamp_roots": [ROOT],
        **changes,
    }


def read(value: Any) -> Policy:
    """Read a policy in its JSON form."""
    return parse_policy(json.dumps(value, indent=2).encode(), where="p.json")


def names(policy: Policy, *witnesses: FileSigner) -> bool:
    """Return whether these witnesses make the quorum."""
    return policy.tally([cosigner(w) for w in witnesses]).holds


def test_policy_of_plain_lines_says_what_it_does_not_ask() -> None:
    text = b"# mine\n\n \t" + policy_text("group  g\tany w1 w2", "quorum g")
    policy = parse_policy(text, where="p.txt")
    assert [log.key for log in policy.logs] == [LOG.verifier]
    assert [w.name for w in policy.witnesses] == ["w1", "w2", "w3"]
    assert policy.not_asked() == tuple(MEMBERS)
    assert policy.log_keys(LOG.name) == (LOG.verifier,)
    assert policy.log_keys("other") == ()


def test_policy_document_says_the_same_as_its_lines_and_more() -> None:
    policy = read(document())
    plain = parse_policy(("\n".join(LINES) + "\n").encode())
    assert (policy.logs, policy.witnesses, policy.groups) == (
        plain.logs,
        plain.witnesses,
        plain.groups,
    )
    assert policy.not_asked() == ()
    assert policy.window_days_max == 40
    assert policy.attestation == {"officer": 1, "approver": 1}
    assert policy.remembered is not None
    assert policy.remembered[0][1].size == 5
    assert policy.timestamp_roots is not None
    assert policy.timestamp_roots[0].serial_number == 1
    ann = policy.person(ANN.verifier)
    assert ann is not None
    assert ann.name == "Ann Example"
    assert policy.person(W1.verifier) is None
    # The whole key counts, and not the name or the hint beside it.
    assert policy.person(VerifierKey("lab.example/ann", bytes(32))) is None


@pytest.mark.parametrize("name", MEMBERS)
def test_policy_reports_each_member_that_is_left_out(name: str) -> None:
    value = document()
    del value[name]
    if name == "people":
        del value["attestation"]
    if "attestation" not in value:
        value["four_eyes"] = ["restatement"]
    assert name in read(value).not_asked()
    assert read({**value, name: None}) == read(value)


def test_policy_quorum_counts_exactly_the_subsets_that_reach_it() -> None:
    policy = parse_policy(policy_text("group g 2 w1 w2 w3", "quorum g"))
    for count in range(4):
        for some in combinations((W1, W2, W3), count):
            assert names(policy, *some) == (count >= 2)
    nested = policy_text("group x any w1 w2", "group y all x w3", "quorum y")
    policy = parse_policy(nested)
    assert names(policy, W1, W3)
    assert names(policy, W2, W3)
    assert not names(policy, W1, W2)
    assert not names(policy, W3)
    one = parse_policy(policy_text("quorum w2"))
    assert names(one, W2)
    assert not names(one, W1, W3)
    nobody = parse_policy(policy_text("quorum none"))
    assert names(nobody)


def test_policy_quorum_takes_no_key_twice_and_none_of_another_kind() -> None:
    policy = parse_policy(policy_text("group g 2 w1 w2 w3", "quorum g"))
    assert not policy.tally([cosigner(W1), cosigner(W1)]).holds
    # The same public key as a log's key is no cosigner.
    assert not policy.tally([W1.verifier, W2.verifier]).holds
    tally = policy.tally([cosigner(W1)])
    assert (tally.present, tally.absent) == (("w1",), ("w2", "w3"))
    assert tally.wanting == "2 of w1, w2, w3 (g), there: w1"


@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_policy_quorum_equals_counting(size: int, there: int, needed: int) -> None:
    signers = [FileSigner.from_seed(f"w{n}", bytes([n]) * 32) for n in range(size)]
    needed, there = min(needed, size), min(there, size)
    members = " ".join(f"m{n}" for n in range(size))
    lines = [f"witness m{n} {vkey(w)}" for n, w in enumerate(signers)]
    text = "\n".join([*lines, f"group g {needed} {members}", "quorum g", ""])
    policy = parse_policy(text.encode())
    assert names(policy, *signers[:there]) == (there >= needed)


REFUSED_LINES = {
    "the same key": (f"witness w4 {vkey(W1)}", "quorum w1"),
    "for the log ledger.example/lab and for": (
        f"witness w4 {vkey(LOG)}",
        "quorum w1",
    ),
    "the log ledger.example/lab and for the log": (f"log {LOG.verifier.encode()}", "quorum w1"),
    "'w9', which no earlier line defines": ("group g any w1 w9", "quorum g"),
    "is its own member": ("group g any w1 g", "quorum g"),
    "'h', which no earlier line": ("group g any h", "group h any g", "quorum g"),
    "quorum names 'nobody'": ("quorum nobody",),
    "needs 3 of 2 members": ("group g 3 w1 w2", "quorum g"),
    "'0' is no threshold": ("group g 0 w1 w2", "quorum g"),
    "'02' is no threshold": ("group g 02 w1 w2", "quorum g"),
    "'1.0' is no threshold": ("group g 1.0 w1 w2", "quorum g"),
    "has no members": ("group g any", "quorum g"),
    "w1 is a member of the group g already": ("group g any w1", "group h any w1 w2", "quorum h"),
    "w2 is a member of the group g already": ("group g any w2 w2", "quorum g"),
    "none cannot be a member": ("group g any w1 none", "quorum g"),
    "none is no name": ("group none any w1", "quorum none"),
    "defined twice": ("group w1 any w2", "quorum w1"),
    "two quorum lines": ("quorum w1", "quorum w2"),
    "has no quorum line": (),
    "wrong number of words": ("quorum",),
    "no line of a policy begins with 'qourum'": ("qourum w1",),
    "control character 0x00": ("quorum w1\0",),
    "control character 0x0d": ("quorum w1\r",),
    "not an Ed25519 key of type 1 but an Ed25519 cosignature": (
        f"log {vkey(FileSigner.from_seed('x', bytes(32)))}",
        "quorum w1",
    ),
    "not an Ed25519 cosignature key of type 4 or": (
        f"witness w4 {ANN.verifier.encode()}",
        "quorum w1",
    ),
}


@pytest.mark.parametrize("words", REFUSED_LINES)
def test_policy_lines_that_contradict_are_refused_by_name(words: str) -> None:
    lines = REFUSED_LINES[words]
    with pytest.raises(InputError) as caught:
        parse_policy(policy_text(*lines), where="p.txt")
    assert words in caught.value.message
    assert caught.value.where.startswith("p.txt")
    with pytest.raises(InputError) as caught:
        read(document(tlog_policy=policy_text(*lines).decode()[:-1].split("\n")))
    assert words in caught.value.message


def renamed(signer: FileSigner) -> str:
    """Return a key under another name."""
    return FileSigner("law.example/other", signer.private).verifier.encode()


PEOPLE: list[Any] = document()["people"]
REFUSED_MEMBERS: dict[str, Any] = {
    "schema 'flopledger/policy.v2'": {"schema": "flopledger/policy.v2"},
    "'quorums' is not known": {"quorums": []},
    "law.example/other": {
        "people": [
            {**PEOPLE[0], "vkeys": [*PEOPLE[0]["vkeys"], renamed(ANN)]},
            PEOPLE[1],
        ]
    },
    "one key under two names": {
        "people": [PEOPLE[0], {**PEOPLE[1], "vkeys": [BEN.verifier.encode(), renamed(LOG)]}]
    },
    "nobody is asked to sign one": {"attestation": None},
    "have the same key": {"people": [PEOPLE[0], {**PEOPLE[1], "vkeys": PEOPLE[0]["vkeys"]}]},
    "Ann Example stands twice": {"people": [PEOPLE[0], {**PEOPLE[1], "name": "Ann Example"}]},
    "officer stands twice": {"people": [{**PEOPLE[0], "roles": ["officer"] * 2}, PEOPLE[1]]},
    "'Officer' is no role": {"people": [{**PEOPLE[0], "roles": ["Officer"]}]},
    "2 people must sign as officer": {"attestation": {"officer": 2}},
    "1 people must sign as oficer": {"attestation": {"oficer": 1}},
    "'everything' is not known here": {"four_eyes": ["everything"]},
    "restatement stands twice": {"four_eyes": ["restatement"] * 2},
    "number from 1 to 36500 is expected, not 0": {"window_days_max": 0},
    "expected, not true": {"silence_days_max": True},
    "a list of 0 items": {"remembered": []},
    "2 certificates in one text": {"timestamp_roots": [ROOT * 2]},
    "no certificate in PEM form": {"timestamp_roots": ["-----BEGIN"]},
    "no checkpoint": {"remembered": ["a\n\nb\n"]},
    "is not signed by a log of the policy": {"remembered": [signed(leaves(5), NEW_KEY).decode()]},
    "no log, witness or person of the policy has": {"keys": [{"vkey": NEW_KEY.verifier.encode()}]},
    "leave nothing that it may sign": {
        "keys": [{"vkey": LOG.verifier.encode(), "from_size": 5, "to_size": 5}]
    },
    "is not a UTC time": {"keys": [{"vkey": LOG.verifier.encode(), "not_after": "2026-11-01"}]},
    "'lost' is not known here": {
        "keys": [
            {
                "vkey": LOG.verifier.encode(),
                "revoked": {"from_size": 1, "at": "2026-11-01T00:00:00Z", "reason": "lost"},
            }
        ]
    },
    "holds a newline": {"tlog_policy": ["quorum none\nquorum none"]},
    "a JSON object is expected, not null": {"people": [None]},
}


@pytest.mark.parametrize("words", REFUSED_MEMBERS)
def test_policy_members_that_say_nothing_sound_are_refused_by_name(words: str) -> None:
    assert read(document()).window_days_max == 40
    with pytest.raises(InputError) as caught:
        read(document(**REFUSED_MEMBERS[words]))
    assert words in caught.value.message
    assert caught.value.where.startswith("p.json")


def test_policy_names_the_nearest_word() -> None:
    with pytest.raises(InputError) as caught:
        read(document(silence_days=3))
    assert caught.value.remedy == "write one of: silence_days_max"
    with pytest.raises(InputError) as caught:
        read(document(quorums=[]))  # nothing known is near: every member is named
    assert caught.value.remedy.startswith("write one of: schema, tlog_policy, keys, ")
    with pytest.raises(InputError) as caught:
        parse_policy(policy_text("quorum W1"))
    assert "w1" in caught.value.remedy


HOSTILE = {
    "stands twice": b'{"schema":"flopledger/policy.v1","schema":"flopledger/policy.v1"}',
    "is a float": b'{"schema":"flopledger/policy.v1","window_days_max":40.0}',
    "is not a number": b'{"schema":NaN}',
    "beyond 2^53": b'{"window_days_max":99999999999999999999}',
    "not valid UTF-8": b'{"schema":"\xff"}',
    "nested deeper": b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
    "not JSON": b'{"schema":',
    "more than": b"{" + b" " * 1_000_000,
    "bytes, more than": b"# " + b"x" * 1_000_000 + b"\n",
    "no newline": b"quorum none",
    "0x00": b"quorum none\0\n",
    "lines, more than": b"\n" * 5000,
    "lone surrogate": b'{"schema":"\\ud800"}',
}


@pytest.mark.parametrize("words", HOSTILE)
def test_policy_file_that_is_hostile_is_refused_fast(words: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError, match=words.replace("^", "\\^")):
        parse_policy(HOSTILE[words])
    assert time.process_time() - began < 1


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_policy_reader_raises_nothing_but_its_own_errors(data: bytes) -> None:
    for text in (data, b"{" + data, policy_text() + data + b"\n"):
        try:
            parse_policy(text)
        except LedgerError:
            continue


def test_policy_of_the_largest_size_is_read_within_a_second() -> None:
    signers = [FileSigner.from_seed(f"w{n}", n.to_bytes(32, "big")) for n in range(900)]
    lines = [f"witness m{n} {vkey(w)}" for n, w in enumerate(signers)]
    lines += [f"group g{n} any m{n}" + (f" g{n - 1}" if n else "") for n in range(900)]
    text = "\n".join([*lines, "quorum g899", ""]).encode()
    assert len(text) < POLICY_MAX
    began = time.process_time()
    policy = parse_policy(text)
    assert names(policy, signers[0])
    assert time.process_time() - began < 5


def test_policy_schema_takes_what_the_reader_takes() -> None:
    schema = json.loads((SCHEMAS / "policy.v1.schema.json").read_text("utf-8"))
    checker = jsonschema.Draft202012Validator(schema)
    minimal = {"schema": "flopledger/policy.v1", "tlog_policy": ["quorum none"]}
    for value in (document(), minimal, {**minimal, **dict.fromkeys(MEMBERS)}):
        checker.validate(value)
        read(value)
    structural = [
        {"quorums": []},
        {"window_days_max": 0},
        {"silence_days_max": True},
        {"remembered": []},
        {"people": [None]},
        {"schema": "flopledger/policy.v2"},
        {"four_eyes": ["everything"]},
        {"four_eyes": ["restatement"] * 2},
        {"tlog_policy": ["quorum none\nquorum none"]},
    ]
    for changes in structural:
        assert not checker.is_valid(document(**changes)), changes


def test_policy_page_shows_a_policy_that_reads() -> None:
    page = (SCHEMAS / "policy.v1.md").read_text("utf-8")
    blocks = page.split("```")[1::2]
    texts = [block.split("\n", 1)[1] for block in blocks]
    assert parse_policy(texts[0].encode()).quorum == "regulators"
    assert read(json.loads(texts[1])).not_asked() == ("remembered", "timestamp_roots")


def test_policy_needs_no_heavy_module() -> None:
    heavy = "pydantic msgspec yaml polars sqlmodel sqlalchemy click rich sqlite3"
    code = (
        "import sys, ledger.policy, ledger.witness, ledger.fork; "
        f"print([m for m in {heavy.split()!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
