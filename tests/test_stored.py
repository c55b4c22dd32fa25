"""Bodies as leaves hold them: a foreign ledger may have signed anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bundled import Members, fault, filled, members_of, resealed, verdict
from sealed import SIGNER, checked, fill, forge, found, leg, plain_leaf, said

from ledger.canonical import JSON, encode
from ledger.entry import TYPES
from ledger.errors import InputError, IntegrityError
from ledger.record import MODELS, check_stored

KEY = "0" * 64


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    return members_of(filled(tmp_path_factory.mktemp("ledger")))


def edited(members: Members, seq: int, edit: Callable[[dict[str, Any]], object]) -> Members:
    """Return members in which one entry says something else, and everything is signed anew."""
    leaves = members["entries.jsonl"].split(b"\n")[:-1]
    value = json.loads(leaves[seq])
    edit(value)
    leaves[seq] = encode(value)
    return resealed(members, SIGNER, *leaves)


@pytest.mark.parametrize("kind", sorted(TYPES))
@pytest.mark.parametrize("body", [{}, {"size": "x", "vkey": 3, "reverses": "1"}])
def test_body_of_no_shape_is_a_fault_of_its_entry(
    members: Members, kind: str, body: dict[str, Any]
) -> None:
    found = fault(verdict(edited(members, 10, lambda v: v.update(type=kind, body=body))), "entries")
    assert found.seq == 10
    assert f"the body is not that of type {kind}" in found.message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("operations", "-5", "operations"),
        ("operations", "+5", "operations"),
        ("operations", 5, "operations"),
        ("operations", "9" * 38, "10^28"),
        ("start", "2026", "start"),
        ("model", 7, "model"),
        ("model", None, "model"),
        ("evidence", {}, "evidence"),
        ("precision", "bf17", "precision"),
        ("site_pseudonym", "a site", "site_pseudonym is not 32 hex digits"),
        ("idempotency_key", "0", "idempotency_key is not 64 hex digits"),
        ("price", "7", "price: is not a field of this record"),
    ],
)
def test_threat_32_wrong_field_of_an_allocation_is_a_fault_of_its_entry(
    members: Members, name: str, value: Any, words: str
) -> None:
    put = partial(edited, members, 0)
    found = fault(verdict(put(lambda v: v["body"].update({name: value}))), "entries")
    assert found.seq == 0
    assert words in found.message


def test_body_that_lacks_its_digest_is_refused() -> None:
    body = {"pack_digest": KEY, "by": "Ann", "on": "2026-01-01"}
    check_stored("adoption", {**body, "idempotency_key": KEY})
    with pytest.raises(InputError, match="idempotency_key is not there"):
        check_stored("adoption", body)


def test_every_type_of_entry_has_a_body(tmp_path: Path) -> None:
    assert MODELS.keys() == TYPES
    assert verdict(members_of(filled(tmp_path))).exit_status == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"operations": "-5"}, "operations"),
        ({"operations": "9" * 38}, r"10\^28"),
        ({"milli_devices": -1}, "milli_devices"),
        ({"end": "2026-03-09T00:00:00Z"}, "not after its start"),
        ({"site_pseudonym": "a site"}, "site_pseudonym is not 32 hex digits"),
        ({"price": "7"}, "price: is not a field of this record"),
        ({"model": None}, "model"),
    ],
)
def test_threat_32_verify_holds_the_owner_of_the_key_to_the_shape_of_bodies(
    tmp_path: Path, change: dict[str, JSON], message: str
) -> None:
    added = {f"{name}_pseudonym": None for name in ("site", "cluster", "operator")}
    body = {**leg(1).body, **added, "idempotency_key": "ab" * 32}
    context = found(tmp_path)
    forge(context, [plain_leaf(0), plain_leaf(1, type="allocation", body=body), plain_leaf(2)])
    assert checked(context).size == 3
    other = found(tmp_path, "other.db")
    forge(other, [plain_leaf(0), plain_leaf(1, type="allocation", body={**body, **change})])
    with pytest.raises(IntegrityError, match=f"^entry 1: the body|^entry 1: {message}") as caught:
        checked(other)
    assert re.search(message, caught.value.message)
    assert caught.value.seq == 1


def test_verify_of_common_records_loads_no_models(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0), said(0), leg(1, status="provisional")])
    code = (
        "import sys\n"
        "from ledger.cli.app import run\n"
        f"assert run(['--ledger', {str(context.ledger)!r}, 'verify', '-f', 'json']) == 0\n"
        "assert not {'pydantic', 'ledger.record'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_refusal_of_a_record_stays_short_whatever_it_refuses() -> None:
    odd: dict[str, JSON] = {"x" * 4_000: 1, **{f"y{number}": 1 for number in range(100)}}
    with pytest.raises(InputError) as caught:
        check_stored("filing", {**odd, "idempotency_key": "ab" * 32})
    said = caught.value.message
    assert len(said) < 2_000
    assert ("x" * 60 + "…" in said, said.rpartition("; ")[2][:4]) == (True, "and ")
