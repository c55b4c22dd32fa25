"""What is kept under keys: hashed once, parsed once, and none of it from behind the head."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledgers import EVIDENCE
from retelling import standing
from sealed import checked, found, identity, leg, opened
from test_wholes import legs

from ledger.entry import Entry
from ledger.errors import HeadMovedError
from ledger.log import Identity, append
from ledger.log.seal import Sealing
from ledger.record import Series, Whole


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, ...]]:
    """How often each natural key was hashed."""
    counts: Counter[tuple[str, ...]] = Counter()
    original = Identity.key

    def counted(self: Identity, parts: Any) -> bytes:
        counts[tuple(parts)] += 1
        return original(self, parts)

    monkeypatch.setattr(Identity, "key", counted)
    return counts


def test_a_key_is_hashed_once_and_an_entry_parsed_once_a_batch(
    tmp_path: Path, hashed: Counter[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    parsed: Counter[bytes] = Counter()
    with opened(context) as log:
        log.append([*legs(0, 1, 2, status="provisional"), leg(9)])
        assert max(hashed.values()) == 1
        hashed.clear()
        original = Entry.parse

        def counted(data: bytes) -> Entry:
            parsed[data] += 1
            return original(data)

        monkeypatch.setattr(Entry, "parse", counted)
        assert log.preview([*legs(0), leg(9)]).superseded == (0, 1, 2)
    assert set(hashed) >= {("allocation", "thing", str(n)) for n in range(4)}
    assert max(hashed.values()) == 1
    assert parsed
    assert max(parsed.values()) == 1


def test_series_in_order_are_asked_for_until_one_has_no_leg(
    tmp_path: Path, hashed: Counter[tuple[str, ...]]
) -> None:
    context = found(tmp_path)
    series = tuple(Series(("allocation", "job", str(n)), ("0",)) for n in range(8))
    whole = Whole(("job",), series, EVIDENCE, ordered=True)
    drafts = [
        replace(leg(n, status="provisional"), key=series[n].key(0), whole=whole) for n in (0, 1)
    ]
    with opened(context) as log:
        log.append(drafts)
        hashed.clear()
        assert log.append([], vanished=[whole]).superseded == (0, 1)
    assert {key for key in hashed if key[:1] == ("allocation",)} == {
        *(series[0].key(n) for n in (0, 1)),
        *(series[1].key(n) for n in (0, 1)),
        series[2].key(0),
    }


class _Overtaken(Sealing):
    """Sealing that another writer overtakes, some of the first times."""

    times = 0
    overtake: Any = None

    def run(self, *given: Any, **named: Any) -> Any:
        if _Overtaken.times:
            _Overtaken.times -= 1
            _Overtaken.overtake()
        return super().run(*given, **named)


@pytest.mark.parametrize("statuses", [(), ("provisional",)])
def test_what_another_writer_adds_meanwhile_is_met_and_not_added_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statuses: tuple[str, ...]
) -> None:
    context = found(tmp_path)
    monkeypatch.setattr(append, "Sealing", _Overtaken)
    _Overtaken.times = 0
    with opened(context) as log, opened(context) as other:
        for status in statuses:
            other.append(legs(0, status=status))

        def overtake() -> None:
            times, _Overtaken.times = _Overtaken.times, 0
            batch, _ = Sealing(identity(), other._store, other._store.head()).run(legs(0, 1))
            other._store.append(other._store.head(), batch)
            _Overtaken.times = times

        _Overtaken.overtake = overtake
        _Overtaken.times = 1
        done = log.append(legs(0, 1, 2, evidence={**EVIDENCE, "locator": "line 7"}))
        assert (len(done.new), done.same, done.conflicts) == (1, 2, ())
    assert len(standing(context)) == 3
    checked(context)


def test_a_preview_that_is_overtaken_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    monkeypatch.setattr(append, "Sealing", _Overtaken)
    _Overtaken.times = 0
    with opened(context) as log:

        def refused() -> None:
            raise HeadMovedError("another writer appended")

        _Overtaken.overtake = refused
        _Overtaken.times = append.ATTEMPTS_MAX - 1
        assert len(log.preview([leg(0)]).new) == 1
        _Overtaken.times = append.ATTEMPTS_MAX
        with pytest.raises(HeadMovedError, match="came first 16 times"):
            log.preview([leg(0)])


def test_a_record_of_an_older_importer_is_the_same(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([leg(0), *legs(1)])
        again = []
        for draft in (leg(0), *legs(1)):
            evidence = {**dict(draft.body["evidence"]), "importer_version": "9"}  # type: ignore[arg-type]
            again.append(replace(draft, body={**draft.body, "evidence": evidence}))
        done = log.append(again)
        assert (done.new, done.same, done.conflicts) == ((), 2, ())


@pytest.mark.parametrize("at", range(3))
def test_what_an_entry_of_the_same_batch_hides_is_its_own(tmp_path: Path, at: int) -> None:
    several = [replace(leg(n), hidden={"site": f"hall {n}", "notes": f"n{n}"}) for n in range(3)]
    evidence = {**dict(several[at].body["evidence"]), "importer_version": "9"}  # type: ignore[arg-type]
    again = replace(several[at], body={**several[at].body, "evidence": evidence})
    other = replace(again, hidden={**again.hidden, "notes": "other"})
    with opened(found(tmp_path)) as log:
        done = log.append([*several, again, other])
    assert (done.new, done.same) == ((0, 1, 2), 1)
    assert [conflict.seq for conflict in done.conflicts] == [at]
