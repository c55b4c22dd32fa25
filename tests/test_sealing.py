"""Sealing: what becomes of drafts, which bytes they get, and which are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import allocation
from sealed import (
    ORIGIN,
    SECRET,
    START,
    altered,
    checked,
    entries,
    fill,
    found,
    identity,
    leg,
    opened,
    reversal,
    said,
)

from ledger.canonical import JSON, encode
from ledger.cli.context import Context
from ledger.entry import digest_of_opening, opening_bytes
from ledger.errors import ConflictError, InputError
from ledger.log import Identity
from ledger.log.profile import check_profile
from ledger.log.seal import IRREVERSIBLE, _encode
from ledger.record import Draft, draft_of
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore

SAFE = 2**53 - 1
TEXT = st.text(st.characters(exclude_categories=("Cs",)))
KEY = st.text(st.characters(max_codepoint=127))
PROFILE = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=20,
)


@given(PROFILE)
def test_sealing_writes_the_canonical_bytes(value: JSON) -> None:
    check_profile(value)
    assert _encode(value) == encode(value)


@pytest.mark.parametrize(
    "value", [1.0, SAFE + 1, -SAFE - 1, {"é": 1}, {"a": [{"b": 0.5}]}, b"", {"a": {"b": 2**63}}]
)
def test_sealing_refuses_what_has_no_canonical_form(value: JSON) -> None:
    with pytest.raises(InputError):
        check_profile(value)


def test_sealing_counts_a_record_that_it_holds_as_same(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0), said(1)])
    with opened(context, identity(seed="other salts, other ids")) as log:
        again = log.append([said(1), said(2), said(2), said(0)])
    assert (again.new, again.same, again.conflicts) == ((2,), 3, ())
    assert checked(context).size == 3


def test_sealing_reports_other_content_under_a_key_and_appends_the_rest(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    other = Draft("fact", said(7).body, {}, said(0).key)
    with opened(context) as log:
        done = log.append([said(1), other, said(2)])
    assert done.new == (1, 2)
    (conflict,) = done.conflicts
    assert (conflict.draft_index, conflict.seq, conflict.key) == (1, 0, said(0).key)


def test_sealing_takes_hidden_fields_as_content(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    whispered = Draft("fact", said(0).body, {"notes": "other"}, said(0).key)
    with opened(context) as log:
        assert len(log.append([whispered]).conflicts) == 1


@pytest.mark.parametrize("hidden", [{"notes": 5}, {"nötes": "x"}, {"notes": None}])
def test_sealing_refuses_hidden_fields_that_no_opening_carries(
    tmp_path: Path, hidden: dict[str, str]
) -> None:
    context = found(tmp_path)
    with opened(context) as log, pytest.raises(InputError, match="not a text"):
        log.append([Draft("fact", said(0).body, hidden, ("k",))])


@pytest.mark.parametrize("field", ["site", "notes"])
def test_sealing_refuses_half_a_character(tmp_path: Path, field: str) -> None:
    context = found(tmp_path)
    draft = leg(0)
    broken = Draft(draft.type, draft.body, {field: "\ud800"}, draft.key)
    with opened(context) as log, pytest.raises(InputError, match="half a character"):
        log.append([broken])


def test_sealing_salts_openings_and_gives_pseudonyms(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0), leg(3), leg(1)])
    first, same_site, other_site = entries(context)
    assert first.body["site_pseudonym"] == same_site.body["site_pseudonym"]
    assert first.body["site_pseudonym"] != other_site.body["site_pseudonym"]
    assert first.body["site_pseudonym"] == identity().pseudonym("site", "hall 0")
    assert first.body["operator_pseudonym"] is None
    assert "hall" not in first.encode().decode()
    assert set(first.sd).isdisjoint(same_site.sd)
    with SqliteStore(context.ledger) as store:
        stored = [opening for _, _, opening in store.openings(0, 1)]
    assert [digest_of_opening(one) for one in stored] == list(first.sd)


def test_sealing_writes_openings_as_the_specification_says(tmp_path: Path) -> None:
    context = found(tmp_path)
    name, value = "notes", 'é "quoted" \x01\n'
    draft = Draft("fact", said(0).body, {name: value}, ("k",))
    who = Identity(ORIGIN, SECRET, None, lambda: START, lambda: "A" * 22, identity().ids)
    with opened(context, who) as log:
        log.append([draft])
    with SqliteStore(context.ledger) as store:
        ((_, _, stored),) = store.openings(0, 1)
    assert stored == opening_bytes("A" * 22, name, value)


def test_sealing_never_lets_recorded_at_decrease(tmp_path: Path) -> None:
    context = found(tmp_path)
    times = iter([START, START - timedelta(days=1), START + timedelta(seconds=5)])
    with opened(context, identity(lambda: next(times))) as log:
        for number in range(3):
            log.append([said(number)])
    recorded = [entry.recorded_at for entry in entries(context)]
    assert recorded == ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:05Z"]


def test_sealing_refuses_a_record_too_large_for_an_entry(tmp_path: Path) -> None:
    context = found(tmp_path)
    body = {**said(0).body, "name": "x" * 65_536}
    with opened(context) as log, pytest.raises(InputError, match="65535"):
        log.append([said(1), Draft("fact", body, {}, ("large",))])
    assert checked(context).size == 0


def test_reversal_frees_the_key_of_what_it_reverses(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    (held,) = entries(context)
    with opened(context) as log:
        done = log.append([reversal(held), Draft("fact", said(7).body, {}, said(0).key)])
        assert done.new == (1, 2)
        # The first content is no longer what the ledger holds under this key.
        assert log.append([said(0)]).conflicts[0].seq == 2
    checked(context)


def test_reversal_without_replacement_lets_the_same_record_in_again(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    with opened(context) as log:
        log.append([reversal(entries(context)[0])])
        assert log.append([said(0)]).new == (2,)
    checked(context)


def test_reversal_happens_once(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    (held,) = entries(context)
    with opened(context) as log:
        log.append([reversal(held)])
        again = log.append([reversal(held), reversal(held, reason="duplicate")])
    assert (again.new, again.same) == ((), 1)
    assert again.conflicts[0].seq == 1
    assert checked(context).size == 2


@pytest.mark.parametrize(
    "change",
    [
        {"hash": "0" * 64},
        {"reversed_type": "filing"},
        {"reversed": {}},
        {"reverses": 5},
        {"reverses": 1},
    ],
)
def test_reversal_that_is_no_copy_is_refused(tmp_path: Path, change: dict[str, JSON]) -> None:
    context = found(tmp_path)
    fill(context, [said(0), said(1)])
    with opened(context) as log, pytest.raises(ConflictError):
        log.append([said(2), reversal(entries(context)[0], **change)])
    assert checked(context).size == 2


def test_reversal_of_what_the_ledger_says_about_itself_is_refused(tmp_path: Path) -> None:
    context = found(tmp_path)
    body = {"envelope_sha256": "0" * 64, "size": 0, "number": 1}
    fill(context, [draft_of("attestation", body), said(0)])
    attestation, held = entries(context)
    with opened(context) as log:
        log.append([reversal(held)])
        for entry in (attestation, entries(context)[2]):
            with pytest.raises(ConflictError, match="never reversed"):
                log.append([reversal(entry)])
    assert frozenset({"key", "anchor", "attestation", "reversal"}) == IRREVERSIBLE


def test_provisional_is_replaced_by_final_in_one_transaction(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0, status="provisional")])
    with opened(context) as log:
        done = log.append([leg(0)])
        assert (done.new, done.superseded, done.conflicts) == ((2,), (0,), ())
        # An older export, read again, adds nothing and contradicts nothing.
        assert log.append([leg(0, status="provisional"), leg(0)]).same == 2
    kinds = [(entry.type, entry.body.get("reason")) for entry in entries(context)]
    assert kinds == [("allocation", None), ("reversal", "superseded_provisional"), kinds[0]]
    assert len(list(NotesFile(Files(context.ledger).checkpoints).notes(10**6))) == 3
    checked(context)


def test_provisional_and_final_in_one_batch_are_linked(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        done = log.append([leg(0, status="provisional"), leg(0), leg(0)])
    assert (done.new, done.same, done.superseded) == ((0, 2), 1, (0,))
    assert entries(context)[1].body["reverses"] == 0
    checked(context)


def test_provisional_never_replaces_a_provisional(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0, status="provisional")])
    other = leg(0, status="provisional", model="m2")
    with opened(context) as log:
        assert log.append([other]).conflicts[0].seq == 0


def test_provisional_that_grows_replaces_itself_and_never_shrinks(tmp_path: Path) -> None:
    context = found(tmp_path)
    known: dict[str, Any] = {"status": "provisional", "device_us": None, "ceiling_operations": None}
    first, later = leg(0, **known), leg(0, **known, end="2026-03-10T09:00:00Z")
    last = leg(0, **known, end="2026-03-10T10:00:00Z")
    shrunk = replace(last, body={**last.body, "operations": "1"})
    # It fell silent: the same end, and no upper end any more.
    silent = {**later.body, "operations": None, "operations_low": later.body["operations"]}
    other = replace(last, body={**last.body, "model": "m2"})
    fill(context, [first])
    with opened(context) as log:
        assert log.append([later]).superseded == (0,)
        assert (log.append([first]).same, log.append([later]).same) == (1, 1)
        assert [len(log.append([d]).conflicts) for d in (shrunk, other)] == [1, 1]
        assert log.append([replace(later, body=silent)]).superseded == (2,)
        assert log.append([later]).same == 1
        assert log.append([last]).superseded == (4,)
        assert log.append([leg(0)]).superseded == (6,)
    checked(context)


def test_sealing_states_allocations_in_full(tmp_path: Path) -> None:
    context: Context = found(tmp_path)
    fill(context, [leg(0)])
    added = {"idempotency_key", "site_pseudonym", "cluster_pseudonym", "operator_pseudonym"}
    assert set(entries(context)[0].body) == set(allocation()) | added
    with altered(context, guarded=True) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
