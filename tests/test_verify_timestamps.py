"""Time stamps of a bundle bound entries if, and only if, they lead to a root of the policy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from bundled import (
    Members,
    fault,
    filled,
    members_of,
    policy,
    policy_text,
    relisted,
    step,
    valid,
    verdict,
)
from cryptography.hazmat.primitives.serialization import Encoding
from stamping import Authority, authority

from ledger.checkpoint import Note
from ledger.errors import InputError
from ledger.policy import parse_policy


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    return members_of(filled(tmp_path_factory.mktemp("ledger")))


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa"))


def root_of(tsa: Authority) -> str:
    return str(tsa.root.public_bytes(Encoding.PEM).decode())


def newest(members: Members) -> str:
    return max(name for name in members if name.startswith("checkpoints/"))


def stamped(members: Members, tsa: Authority, text: str | None = None) -> Members:
    """Return members with a token over the newest checkpoint, or over another text."""
    name = newest(members)
    token = tsa.stamp(Note.parse(members[name]).text if text is None else text)
    return relisted({**members, name.replace("checkpoints", "timestamps") + ".tsr": token})


@pytest.mark.thirdparty
def test_token_that_leads_to_a_root_of_the_policy_bounds_entries(
    members: Members, tsa: Authority
) -> None:
    found = verdict(stamped(members, tsa), policy(timestamp_roots=[root_of(tsa)]))
    windows = step(found, "windows")
    assert windows.outcome == "held", windows
    assert windows.count == int(newest(members)[-12:])
    assert windows.notes == ("1 time stamp leads to a root of the policy",)
    assert found.exit_status == 0
    valid(found)


@pytest.mark.thirdparty
def test_token_counts_for_nothing_without_roots(members: Members, tsa: Authority) -> None:
    windows = step(verdict(stamped(members, tsa)), "windows")
    assert (windows.outcome, windows.count) == ("not_asked", 0)
    assert "1 time stamp is in the bundle, not checked and not counted" in windows.notes[0]


@pytest.mark.thirdparty
def test_token_of_another_authority_is_a_finding_and_counts_for_nothing(
    members: Members, tsa: Authority, tmp_path: Path
) -> None:
    other = authority(tmp_path)
    found = verdict(stamped(members, tsa), policy(timestamp_roots=[root_of(other)]))
    windows = step(found, "windows")
    assert (windows.outcome, windows.count, found.exit_status) == ("finding", 0, 1)
    assert "does not lead to a root of the policy, and counts for nothing" in windows.notes[0]


@pytest.mark.thirdparty
def test_token_over_another_body_ends_the_walk(members: Members, tsa: Authority) -> None:
    changed = stamped(members, tsa, "ledger.example/lab-a\n1\nAAAA\n")
    found = fault(verdict(changed, policy(timestamp_roots=[root_of(tsa)])), "windows")
    assert "over something else than this checkpoint" in found.message
    assert "timestamps/" in found.where


@pytest.mark.thirdparty
def test_token_that_no_library_can_read_never_passes(
    members: Members, tsa: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = stamped(members, tsa)
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    found = verdict(changed, policy(timestamp_roots=[root_of(tsa)]))
    windows = step(found, "windows")
    assert (windows.outcome, windows.count, found.exit_status) == ("withheld", 0, 3)
    assert "the library that reads them is not installed" in windows.notes[0]


@pytest.mark.thirdparty
def test_token_without_its_checkpoint_ends_the_walk(members: Members, tsa: Authority) -> None:
    token = tsa.stamp("x")
    changed = relisted({**members, "timestamps/000000000001.tsr": token})
    found = fault(verdict(changed, policy(timestamp_roots=[root_of(tsa)])), "windows")
    assert "no signed checkpoint over 1 entries" in found.message


@pytest.mark.parametrize(
    ("roots", "words"),
    [
        ([], "a list of 0 items"),
        (["no certificate"], "no certificate in PEM form"),
        ([7], "a text of 1 to 40000 characters"),
    ],
)
def test_roots_that_are_none_are_refused(roots: list[Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_policy(policy_text(timestamp_roots=roots))
