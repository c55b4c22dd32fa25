"""Signatures under a rule pack: golden bytes, what counts, and what is refused."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.checkpoint import Checkpoint, Note
from ledger.errors import InputError, LedgerError
from ledger.keys import FileSigner
from ledger.regime.endorsement import (
    NOTES_MAX,
    Endorsement,
    Signed,
    encode_signed,
    parse_signed,
)
from ledger.regime.quorum import Quorum, quorum_of
from ledger.regime.trust import Trust, load_trust

PAGE = Path(__file__).resolve().parent.parent / "schemas" / "pack-signature.v1.md"
DIGEST = "7c1e2b" * 10 + "0000"
OTHER = "0" * 64
DAY = date(2026, 11, 23)
ANNA = FileSigner.from_seed("law.example/anna", bytes(range(32)))
ANNA_LATER = FileSigner.from_seed("law.example/anna", bytes(range(2, 34)))
BEN = FileSigner.from_seed("law.example/ben", bytes(range(1, 33)))
STRANGER = FileSigner.from_seed("law.example/carl", bytes(range(3, 35)))

GOLDEN = """\
flopledger/pack-signature.v1
pack 7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b0000
on 2026-11-23
as encoder

— law.example/anna hfPrW5uMSqLeslSSMjrAb4+frOgv4gRfHBVPOZBmiAWNQLR/jmtrmMZTOWDuE1NRM0MxDLqAuCwRkmF3PMN5RYCxZwY=

flopledger/pack-signature.v1
pack 7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b7c1e2b0000
on 2026-11-24
as legal-reviewer
as reviewer

— law.example/ben x1VfPWQjTV3ojZFARYu4Y5WdFwzAHHcHNyrC+fgx+k2A+srP1Ib6SowyMCBy8rfxPLNNVqsrmR+qqflxBi0lkYODcgs=

"""  # noqa: E501 - the base64 of a signature is one line


def endorsed(signer: FileSigner, *roles: str, digest: str = DIGEST, on: date = DAY) -> Signed:
    """Return what a person signs."""
    return Endorsement.of(digest, on, roles).sign(signer)


def trust(threshold: str, **changes: str) -> Trust:
    """Return a trust file over Anna, who has two keys, and Ben."""
    roles = {"anna": "[encoder]", "ben": "[encoder, reviewer]", **changes}
    return load_trust(
        f"""\
schema: flopledger/pack-trust.v1
signers:
  anna:
    name: Anna Example
    roles: {roles["anna"]}
    keys:
      - {{ vkey: {ANNA.verifier.encode()}, from: 2026-01-01, until: 2026-12-01 }}
      - {{ vkey: {ANNA_LATER.verifier.encode()}, from: 2026-06-01 }}
  ben:
    name: Ben Example
    roles: {roles["ben"]}
    keys: [{{ vkey: {BEN.verifier.encode()}, from: 2026-01-01, until: 2026-11-24 }}]
threshold: {threshold}
""",
        where="trust.yaml",
    )


def counted(signed: list[Signed], threshold: str, **roles: str) -> Quorum:
    """Count signatures as of two days after the day on which all were made."""
    return quorum_of(DIGEST, signed, trust(threshold, **roles), today=date(2026, 11, 25))


def behind(quorum: Quorum) -> dict[str, tuple[str, ...]]:
    """Return whose signatures count, by role."""
    return {role.role: role.signers for role in quorum.roles}


def test_endorsement_bytes_are_the_published_ones() -> None:
    first = endorsed(ANNA, "encoder")
    second = endorsed(BEN, "reviewer", "legal-reviewer", on=date(2026, 11, 24))
    assert encode_signed([first, second]) == GOLDEN.encode()
    assert parse_signed(GOLDEN.encode()) == (first, second)
    page = PAGE.read_text("utf-8")
    assert GOLDEN.split("\n\nflopledger", maxsplit=1)[0] in page
    assert ANNA.verifier.encode() in page
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    published = load_trust(example, where="page")
    assert quorum_of(DIGEST, (first, second), published, today=date(2026, 11, 24)).reached


def test_endorsement_is_no_checkpoint_and_no_checkpoint_is_one() -> None:
    note = endorsed(ANNA, "encoder").note
    with pytest.raises(InputError, match="malformed checkpoint"):
        Checkpoint.parse(note.text)
    with pytest.raises(InputError, match="the note begins"):
        Endorsement.parse(Checkpoint("law.example/anna", 8, bytes(32)).text())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("flopledger/pack-signature.v1", "flopledger/pack-signature.v2"),
        ("pack 7c", "pack  7c"),
        ("pack 7c", "pack 7C"),
        ("pack 7c", "7c"),
        ("0000\n", "000\n"),
        ("on 2026-11-23", "on 2026-02-30"),
        ("on 2026-11-23", "on 26-11-23"),
        ("on 2026-11-23\n", ""),
        ("as encoder\n", ""),
        ("as encoder\n", "as Encoder\n"),
        ("as encoder\n", "as encoder\nas encoder\n"),
        ("as encoder\n", "as reviewer\nas encoder\n"),
        ("as encoder\n", "as encoder \n"),
        ("as encoder\n", "encoder\n"),
        ("as encoder\n", "".join(f"as r{n}\n" for n in range(9))),
        ("as encoder\n", f"as {'r' * 33}\n"),
        ("as encoder\n", "as encoder\r\n"),
    ],
)
def test_endorsement_text_has_one_spelling(old: str, new: str) -> None:
    text = endorsed(ANNA, "encoder").note.text
    assert text.count(old) == 1
    with pytest.raises(InputError):
        Endorsement.parse(text.replace(old, new))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        GOLDEN.encode()[:-1],
        GOLDEN.encode() + b"\n",
        b"\n" + GOLDEN.encode(),
        GOLDEN.encode() + b"more",
        GOLDEN.replace("\n", "\r\n").encode(),
        GOLDEN.replace("— law", "- law").encode(),
        GOLDEN.encode().replace(b"law.example/anna hf", b"law.example/anna h*"),
        b"\xff" + GOLDEN.encode(),
        encode_signed([endorsed(ANNA, "encoder")] * (NOTES_MAX + 1)),
    ],
)
def test_endorsement_file_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_signed(data)


def test_endorsement_file_has_an_end() -> None:
    with pytest.raises(InputError, match="more than 1,000,000"):
        parse_signed(b"x" * 1_000_001)


@pytest.mark.parametrize("roles", [(), ("Encoder",), ("",), tuple(f"r{n}" for n in range(9))])
def test_endorsement_needs_roles(roles: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="role"):
        Endorsement.of(DIGEST, DAY, roles)


def test_quorum_counts_each_role_by_different_people() -> None:
    signed = [endorsed(ANNA, "encoder"), endorsed(BEN, "reviewer")]
    found = counted(signed, "{ encoder: 1, reviewer: 1 }")
    assert (found.reached, found.wrong) == (True, False)
    assert behind(found) == {"encoder": ("anna",), "reviewer": ("ben",)}
    assert not counted(signed[:1], "{ encoder: 1, reviewer: 1 }").reached
    assert not counted(signed, "{ encoder: 2, reviewer: 1 }").reached


def test_quorum_counts_a_person_once_whatever_the_number_of_keys_and_notes() -> None:
    signed = [
        endorsed(ANNA, "encoder"),
        endorsed(ANNA, "encoder", on=date(2026, 11, 22)),
        endorsed(ANNA_LATER, "encoder"),
    ]
    found = counted(signed, "{ encoder: 2 }")
    assert behind(found) == {"encoder": ("anna",)}
    assert not found.reached
    assert counted([*signed, endorsed(BEN, "encoder")], "{ encoder: 2 }").reached


def test_quorum_needs_another_person_for_another_role() -> None:
    alone = [endorsed(BEN, "encoder", "reviewer")]
    found = counted(alone, "{ encoder: 1, reviewer: 1 }")
    assert behind(found) == {"encoder": ("ben",), "reviewer": ("ben",)}
    assert (found.reached, found.shared) == (False, ("encoder", "reviewer"))
    both = counted([*alone, endorsed(ANNA, "encoder")], "{ encoder: 1, reviewer: 1 }")
    assert (both.reached, both.shared) == (True, ())
    # Two people for three places.
    places = "{ encoder: 1, reviewer: 1, legal: 1 }"
    roles = {"anna": "[encoder, legal]", "ben": "[encoder, reviewer, legal]"}
    signed = [endorsed(ANNA, "encoder", "legal"), endorsed(BEN, "encoder", "reviewer", "legal")]
    found = counted(signed, places, **roles)
    assert (found.reached, found.shared) == (False, ("encoder", "legal", "reviewer"))


def test_quorum_never_counts_a_stranger_or_a_namesake() -> None:
    namesake = FileSigner.from_seed("law.example/anna", bytes(range(9, 41)))
    found = counted([endorsed(STRANGER, "encoder"), endorsed(namesake, "encoder")], "{encoder: 1}")
    assert (found.reached, found.wrong) == (False, False)
    assert [(s.signer, s.counts_as) for s in found.signatures] == [(None, ()), (None, ())]
    assert {s.told for s in found.signatures} == {"this key is not in the trust file"}


def test_quorum_never_counts_a_role_that_is_not_held_or_not_claimed() -> None:
    found = counted([endorsed(ANNA, "encoder", "reviewer")], "{ encoder: 1, reviewer: 1 }")
    assert behind(found) == {"encoder": ("anna",), "reviewer": ()}
    assert found.signatures[0].told == "anna does not sign as reviewer"
    assert not counted([endorsed(BEN, "reviewer")], "{ encoder: 1 }").reached


@pytest.mark.parametrize(
    ("signer", "on", "counts"),
    [
        (ANNA, date(2025, 12, 31), False),
        (ANNA, date(2026, 1, 1), True),
        (BEN, date(2026, 11, 23), True),
        (BEN, date(2026, 11, 24), False),
        (ANNA_LATER, date(2026, 5, 31), False),
        (ANNA_LATER, date(2026, 11, 25), True),
        (ANNA_LATER, date(2026, 11, 26), False),
    ],
)
def test_quorum_counts_a_key_on_the_days_for_which_it_is_trusted(
    signer: FileSigner,
    on: date,
    counts: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    found = counted([endorsed(signer, "encoder", on=on)], "{ encoder: 1 }")
    assert (found.reached, found.wrong) == (counts, False)
    assert bool(found.signatures[0].told) is not counts


def test_quorum_calls_a_trusted_signature_wrong_when_it_is_not_over_this_pack() -> None:
    sound = endorsed(ANNA, "encoder")
    elsewhere = counted([endorsed(ANNA, "encoder", digest=OTHER), sound], "{ encoder: 1 }")
    assert (elsewhere.wrong, elsewhere.reached) == (True, True)
    assert elsewhere.signatures[0].told == f"it is under another pack, {OTHER}"
    # A text moved to this pack, under the old signature.
    moved = endorsed(ANNA, "encoder", digest=OTHER).note
    forged = Note(moved.text.replace(OTHER, DIGEST), moved.signatures)
    found = counted([Signed(Endorsement.parse(forged.text), forged)], "{ encoder: 1 }")
    assert (found.wrong, found.reached) == (True, False)
    assert found.signatures[0].told == "the signature of law.example/anna does not verify"
    doubled = Note(sound.note.text, sound.note.signatures * 2)
    assert counted([Signed(sound.endorsement, doubled)], "{ encoder: 1 }").wrong
    # What a stranger signs over another pack proves nothing about this one.
    assert not counted([endorsed(STRANGER, "encoder", digest=OTHER)], "{ encoder: 1 }").wrong


def test_quorum_of_two_people_under_one_note() -> None:
    first = endorsed(ANNA, "encoder")
    lines = (*first.note.signatures, *endorsed(BEN, "encoder").note.signatures)
    both = Signed(first.endorsement, Note(first.note.text, lines))
    assert parse_signed(encode_signed([both])) == (both,)
    assert counted([both], "{ encoder: 2 }").reached


def test_quorum_without_a_trust_file_trusts_nobody() -> None:
    found = quorum_of(DIGEST, [endorsed(ANNA, "encoder")], None, today=DAY)
    assert (found.reached, found.wrong, found.roles) == (False, False, ())
    assert found.signatures[0].told == "no key is trusted"


GOOD = f"""\
schema: flopledger/pack-trust.v1
signers:
  anna:
    name: Anna Example
    roles: [encoder]
    keys: [{{ vkey: {ANNA.verifier.encode()}, from: 2026-01-01 }}]
threshold: {{ encoder: 1 }}
"""


def test_trust_file_can_be_json() -> None:
    import json  # noqa: PLC0415 - for this one form

    value: dict[str, Any] = {
        "schema": "flopledger/pack-trust.v1",
        "signers": {
            "anna": {
                "name": "Anna Example",
                "roles": ["encoder"],
                "keys": [{"vkey": ANNA.verifier.encode(), "from": "2026-01-01"}],
            }
        },
        "threshold": {"encoder": 1},
    }
    for indent in (None, 2):
        assert load_trust(json.dumps(value, indent=indent), where="t") == load_trust(
            GOOD, where="t"
        )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pack-trust.v1", "pack-trust.v2", "does not belong here"),
        ("    name: Anna Example\n", "", "name is missing"),
        ("    name: Anna Example\n", "    nam: Anna\n", "'nam' is not a key here"),
        ("roles: [encoder]", "roles: []", "too short"),
        ("roles: [encoder]", "roles: [encoder, encoder]", "stands twice"),
        ("roles: [encoder]", "roles: [Encoder]", "has the wrong form"),
        ("keys: [", "keys: [] #", "too short"),
        ("+85f3eb5b+", "+85f3eb5c+", "its bytes give 85f3eb5b"),
        ("AQOhB7", "AgOhB7", "not an Ed25519 key of type 1"),
        ("law.example/anna+85f3eb5b+", "", "three parts"),
        ("from: 2026-01-01", "from: 2026-13-01", "does not exist"),
        ("from: 2026-01-01", "from: 2026-01-01, until: 2026-01-01", "it ends on 2026-01-01"),
        (", from: 2026-01-01", "", "from is missing"),
        ("{ encoder: 1 }", "{}", "too short"),
        ("{ encoder: 1 }", "{ encoder: 0 }", "no number of signers"),
        ("{ encoder: 1 }", "{ encoder: -1 }", "no number of signers"),
        ("{ encoder: 1 }", "{ encoder: 1.0 }", "no number of signers"),
        ("{ encoder: 1 }", "{ encoder: 100 }", "no number of signers"),
        ("{ encoder: 1 }", "{ encoder: yes }", "no number of signers"),
        ("{ encoder: 1 }", "{ encoder: 2 }", "2 signers are needed as encoder, and 1 hold"),
        ("{ encoder: 1 }", "{ encodr: 1 }", "0 hold that role"),
        ("{ encoder: 1 }", "{ encoder: 1, encoder: 1 }", "encoder"),
        ("threshold:", "more: 1\nthreshold:", "'more' is not a key here"),
        ("  anna:\n", "  anna: &a\n", "anchors"),
        ("[encoder]", "!!set [encoder]", "tags"),
    ],
)
def test_trust_file_with_a_mistake_says_what_to_write(old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1, GOOD.count(old)
    with pytest.raises(LedgerError) as refused:
        load_trust(GOOD.replace(old, new), where="trust.yaml")
    assert message in refused.value.diagnostics()
    assert "where: trust.yaml" in refused.value.diagnostics()
    assert refused.value.exit_code == 2


def test_trust_file_gives_no_key_to_two_people() -> None:
    twice = GOOD.replace(
        "threshold", GOOD[GOOD.index("  anna") : GOOD.index("threshold")] + "threshold"
    ).replace("  anna:", "  other:", 1)
    with pytest.raises(InputError, match="have the same key"):
        load_trust(twice, where="trust.yaml")
