"""Signed statements of a bundle are read one at a time, and only those that an entry names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from bundled import Members, fault, filled_and_attested, members_of, relisted, verdict

from ledger.envelope import Envelope
from ledger.errors import InputError
from ledger.verify.bundle.statements import STATEMENTS_MAX


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    return members_of(filled_and_attested(tmp_path_factory.mktemp("whole")))


def test_threat_26_statement_that_nothing_names_is_not_even_read(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = b'{"payload":"' + hashlib.shake_256(b"").hexdigest(500_000).encode() + b'"}'
    more = {f"attestations/{n:064x}.json": big for n in range(5)}
    parsed: list[int] = []
    parse = Envelope.parse

    def counted(data: bytes) -> Envelope:
        parsed.append(len(data))
        return parse(data)

    monkeypatch.setattr("ledger.envelope.Envelope.parse", counted)
    found = fault(verdict(relisted({**members, **more})), "attestations")
    assert "no entry names this statement" in found.message
    assert parsed == []


def test_threat_26_statements_together_stay_within_a_limit(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(each for each in members if each.startswith("attestations/"))
    size = len(members[name])
    for most, taken in ((size, True), (size - 1, False)):
        monkeypatch.setattr("ledger.verify.bundle.statements.STATEMENTS_MAX", most)
        if taken:
            assert verdict(members).fault is None
            continue
        with pytest.raises(InputError, match=f"have {size} bytes, more than the {most} allowed"):
            verdict(members)
    page = (Path(__file__).parent.parent / "schemas" / "bundle.v1.md").read_text("utf-8")
    assert f"{STATEMENTS_MAX:,} of them in statements" in page
