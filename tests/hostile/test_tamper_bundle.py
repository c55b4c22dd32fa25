"""The tamper matrix of bundles: every member and class of bytes, flipped, swapped, dropped.

Three hands: somebody who changes bytes of the archive; somebody who also makes the manifest fit;
and somebody who links, hashes and signs all of it anew with a key of his own. Each time the verdict
is 4 and names the part.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from bundled import (
    ASKED,
    STRANGER,
    Members,
    archived,
    attested,
    filled,
    members_of,
    policy,
    relisted,
    resealed,
    verdict,
)

from ledger.checkpoint import Checkpoint, Note
from ledger.errors import InputError
from ledger.verify.bundle import BundleVerdict

FLIPS = 120  # random bits of the whole archive
JSON_LINES = ("entries.jsonl", "disclosures.jsonl")


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    context = filled(tmp_path_factory.mktemp("whole"))
    attested(context)
    return members_of(context)


@pytest.fixture(scope="module")
def good(members: Members) -> bytes:
    return archived(members)


def failed(found: BundleVerdict, *parts: str) -> None:
    """The verdict is 4, and names one of the parts."""
    assert found.exit_status == 4, [s for s in found.steps if s.outcome != "held"]
    assert found.fault is not None
    assert found.steps[found.fault.step - 1].outcome == "failed"
    assert any(part in found.fault.where for part in parts), (found.fault, parts)


def kinds(members: Members) -> list[str]:
    """Return one member of each kind."""
    kept: dict[str, str] = {}
    for name in members:
        kept[name.partition("/")[0]] = name
    return sorted(kept.values())


KINDS = (
    "attestations", "checkpoints", "disclosures.jsonl", "entries.jsonl", "manifest.json",
    "pack.json", "redactions.json",
)  # fmt: skip


def of_kind(members: Members, kind: str) -> str:
    """Return the last member of a kind."""
    return max(name for name in members if name.startswith(kind))


def test_matrix_covers_every_kind_of_member(members: Members) -> None:
    assert {name.partition("/")[0] for name in kinds(members)} == set(KINDS)
    assert verdict(members, policy(**ASKED)).fault is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0.0, 0.31, 0.62, 1.0])
def test_flipped_byte_of_a_member(members: Members, kind: str, place: float) -> None:
    name = of_kind(members, kind)
    data = bytearray(members[name])
    data[round(place * (len(data) - 1))] ^= 1
    failed(verdict({**members, name: bytes(data)}), "member" if kind == "manifest.json" else name)


@pytest.mark.parametrize("kind", KINDS)
def test_dropped_member(members: Members, kind: str) -> None:
    name = of_kind(members, kind)
    rest = {key: data for key, data in members.items() if key != name}
    failed(verdict(rest), name)


@pytest.mark.parametrize("kind", ["checkpoints", "attestations", "entries.jsonl", "pack.json"])
def test_swapped_members(members: Members, kind: str) -> None:
    one, other = of_kind(members, kind), "redactions.json"
    swapped = {**members, one: members[other], other: members[one]}
    failed(verdict(swapped), one, other)


@pytest.mark.parametrize("cut", [1, 10, 22, 100, 5000])
def test_cut_archive(good: bytes, cut: int) -> None:
    failed(verdict(good[:-cut]), "end of the archive", "list of members")


def test_flipped_bits_of_the_archive_name_a_part(good: bytes) -> None:
    chance = random.Random(4)
    first, last = 4, len(good) - 22  # without the marks by which an archive is known
    for _ in range(FLIPS):
        place, bit = chance.randrange(first, last), chance.randrange(8)
        data = bytearray(good)
        data[place] ^= 1 << bit
        found = _verdict_or_refusal(bytes(data))
        if found is not None:
            failed(found, "member", "list of members", "end of the archive")


def _verdict_or_refusal(data: bytes) -> BundleVerdict | None:
    """Return the verdict, or None where a length that was changed is beyond a limit."""
    try:
        return verdict(data)
    except InputError as error:
        assert "member" in error.where or "archive" in error.where  # noqa: PT017 - either will do
        return None


# The manifest made to fit: what is inside must say it.

Lines = Callable[[list[bytes]], list[bytes]]
LINE_CHANGES: dict[str, Lines] = {
    "drop first": lambda rows: rows[1:],
    "drop middle": lambda rows: rows[:3] + rows[4:],
    "drop last": lambda rows: rows[:-1],
    "double": lambda rows: rows[:4] + rows[3:],
    "reorder": lambda rows: [*rows[:2], rows[3], rows[2], *rows[4:]],
    "empty line": lambda rows: [*rows[:2], b"", *rows[2:]],
    "beyond the end": lambda rows: [*rows, rows[-1]],
}


@pytest.mark.parametrize("name", JSON_LINES)
@pytest.mark.parametrize("change", sorted(LINE_CHANGES))
def test_changed_lines_with_a_manifest_that_fits(members: Members, name: str, change: str) -> None:
    rows = members[name].split(b"\n")[:-1]
    altered = LINE_CHANGES[change](rows)
    assert altered != rows
    data = b"".join(row + b"\n" for row in altered)
    failed(
        verdict(relisted({**members, name: data})),
        *("entry", "entries", "line", "disclosures", "redactions", "checkpoint"),
    )


FIELDS = ("body", "id", "origin", "prev", "recorded_at", "salt", "sd", "seq", "type", "v")


@pytest.mark.parametrize("field", FIELDS)
def test_changed_field_of_an_entry_names_it_or_what_follows(members: Members, field: str) -> None:
    rows = members["entries.jsonl"].split(b"\n")
    value = json.loads(rows[2])
    value[field] = _other(field, value[field])
    rows[2] = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    found = verdict(relisted({**members, "entries.jsonl": b"\n".join(rows)}))
    failed(found, "entry 2", "entry 3", "checkpoint 3")
    assert found.fault is not None
    assert found.fault.seq in {None, 2, 3}


def _other(field: str, value: Any) -> Any:
    """Return another value of the same form."""
    if field == "body":
        return {**value, "operations": "1"}
    if field == "sd":
        return value[1:]
    if isinstance(value, int):
        return value + 1
    turned = {"type": "fact", "recorded_at": "2026-11-24T10:00:02Z", "origin": "ledger.example/b"}
    return turned.get(field) or value[:-1] + ("0" if value[-1] != "0" else "1")


@pytest.mark.parametrize("kind", ["attestations", "checkpoints"])
@pytest.mark.parametrize("place", [0.05, 0.4, 0.95])
def test_changed_signed_file_with_a_manifest_that_fits(
    members: Members, kind: str, place: float
) -> None:
    name = of_kind(members, kind)
    data = bytearray(members[name])
    data[round(place * (len(data) - 1))] ^= 1
    failed(verdict(relisted({**members, name: bytes(data)}), policy(**ASKED)), name)


def test_checkpoints_of_two_sizes_swapped_with_a_manifest_that_fits(members: Members) -> None:
    names = sorted(name for name in members if name.startswith("checkpoints/"))
    for one, other in pairwise(names):
        swapped = {**members, one: members[other], other: members[one]}
        failed(verdict(relisted(swapped)), one, other)


def test_older_checkpoint_in_the_place_of_the_newest(members: Members) -> None:
    newest = of_kind(members, "checkpoints")
    rest = {name: data for name, data in members.items() if name != newest}
    failed(verdict(relisted(rest)), "manifest.json")
    failed(verdict(relisted(rest, size=11)), "entry 11")


# Everything recomputed: only the keys of the policy can tell.


@pytest.mark.parametrize("field", ["operations", "model", "run", "none"])
def test_history_rewritten_and_signed_by_another_key(members: Members, field: str) -> None:
    leaves = members["entries.jsonl"].split(b"\n")[:-1]
    value = json.loads(leaves[0])
    if field != "none":
        value["body"][field] = "1" if field == "operations" else "other"
    leaves[0] = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    forged = resealed(_without_reversals(members), STRANGER, *leaves[:3])
    found = verdict(forged)
    failed(found, "checkpoints/")
    assert found.fault is not None
    assert found.fault.step == 7


def _without_reversals(members: Members) -> Members:
    """Return members that end at the third entry, so that only what is forged stands in them."""
    kept = {n: d for n, d in members.items() if not n.startswith(("checkpoints/", "attest"))}
    first = ("checkpoints/000000000000", "checkpoints/000000000003")
    kept |= {name: members[name] for name in first}
    rows = [
        row for row in members["disclosures.jsonl"].split(b"\n")[:-1] if json.loads(row)["seq"] < 3
    ]
    return relisted({**kept, "disclosures.jsonl": b"\n".join([*rows, b""])}, size=3)


def test_forged_end_signed_by_another_key(members: Members) -> None:
    newest = of_kind(members, "checkpoints")
    held = Checkpoint.parse(Note.parse(members[newest]).text)
    failed(verdict(relisted({**members, newest: held.sign(STRANGER)})), newest)
