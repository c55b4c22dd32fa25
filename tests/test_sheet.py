"""A sheet and the drafts that it builds are one thing told twice, and held together here."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed import SECRET, checked, entries, found, identity, opened
from tables import ROW as GOOD
from tables import catalogue

from ledger.canonical import JSON, encode
from ledger.errors import InputError
from ledger.importers import spelling
from ledger.importers.drafts import FrameDrafts
from ledger.importers.faults import Source
from ledger.importers.frame import read_frame
from ledger.importers.rows import ROW
from ledger.journeys.chunks import chunks_of
from ledger.journeys.held_time import HeldTime
from ledger.keyed import KeyedDigest
from ledger.log import Identity
from ledger.log.prepared import spelt
from ledger.log.seal import Sealing
from ledger.methods.bound import excess
from ledger.record import MODELS, Draft, Sheet
from ledger.stores.sqlite import SqliteStore

SOURCE = Source("month.csv", "ab" * 32, "csv", "1", "line")
NAMES = st.sampled_from(['"', "\\", 'x"y', "x\\u0041", "é😀", "{,", "']", "x/y", "plain"])
MAYBE = st.none() | NAMES
TIMES = st.sampled_from(
    ["2026-03-01T00:00:00Z", "2026-03-01T22:30:00.250Z", "2026-02-28T23:00:00Z"]
)
ENDS = st.sampled_from(["2026-03-02T00:00:00Z", "2026-03-03T01:00:00.007Z"])
DIGITS = st.sampled_from(["0", "1", "999999999999999999999", "10000000000000000000000000000"])
CHANGES: list[dict[str, str | None]] = [{}, {"status": None}, {"operations": "7"}, {"role": None}]


@st.composite
def rows(draw: st.DrawFn) -> dict[str, str | None]:
    """Draws a row of a table, hostile and often a good one."""
    low, figure, high = sorted((draw(DIGITS) for _ in range(3)), key=int)
    dated = draw(st.booleans())
    return {
        **GOOD,
        "id": None,
        "run": draw(NAMES),
        "model": draw(NAMES),
        "developer": draw(MAYBE),
        "start": draw(TIMES) if dated else None,
        "end": draw(ENDS) if dated else None,
        "not_after": None if dated else "2026-03-31",
        "device": draw(st.sampled_from([None, "nvidia-h100-sxm5", "nvidia-a100-sxm4-80gb"])),
        "devices": draw(st.sampled_from([None, "1", "0.125", "99999999.999"])) if dated else None,
        "precision": draw(st.sampled_from([None, "bf16", "int8"])),
        "scale_up_domain": draw(st.sampled_from([None, "8", "999999999"])),
        "operations": draw(st.sampled_from([None, figure])),
        "operations_low": draw(st.sampled_from([None, low])),
        "operations_high": draw(st.sampled_from([None, high])),
        "evidence_locator": draw(MAYBE),
        "commitment": draw(MAYBE),
        "site": draw(MAYBE),
        "operator": draw(MAYBE),
        "notes": draw(MAYBE.map(lambda text: text and f"{text}\n\t{text}")),
        "input.tokens": draw(MAYBE),
        "input.a2": draw(MAYBE),
        "status": draw(st.sampled_from([None, "provisional"])),
        "role": draw(st.sampled_from([None, "corroborating"])),
    }


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str | None]]:
    """Draws rows, some of which have an id of their own."""
    told = draw(st.lists(rows(), min_size=2, max_size=6))
    return [
        {**row, "id": f"{row['run']} {n}" if draw(st.booleans()) else None}
        for n, row in enumerate(told)
    ]


def sheet_of(told: list[dict[str, str | None]]) -> Sheet:
    """Reads rows as an importer does; those that are refused are left out."""
    names = dict.fromkeys(name for row in told for name in row)
    columns: dict[str, Any] = {name: [row.get(name) for row in told] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    drafts = read_frame(frame.with_row_index(ROW, offset=2), SOURCE, catalogue()).drafts
    assert isinstance(drafts, Sheet)
    return drafts


def with_pseudonyms(draft: Draft) -> dict[str, JSON]:
    """The body as sealing completes it, without its key."""
    given_ = {name: draft.hidden.get(name) for name in MODELS[draft.type].PSEUDONYMS}
    stand_ins: dict[str, JSON] = {
        f"{name}_pseudonym": None if value is None else identity().pseudonym(name, value)
        for name, value in given_.items()
    }
    return {**draft.body, **stand_ins}


@settings(deadline=None, max_examples=50)
@given(tables())
def test_sheet_spells_what_it_builds(told: list[dict[str, str | None]]) -> None:
    sheet = sheet_of(told)
    drafts, spellings = list(sheet), list(sheet.spellings(identity().pseudonym))
    assert len(drafts) == len(spellings) == len(sheet)
    for draft, said in zip(drafts, spellings, strict=True):
        body = with_pseudonyms(draft)
        assert said.before + said.behind == encode(body)
        keyed = said.before + b'"idempotency_key":"k",' + said.behind
        assert keyed == encode({**body, "idempotency_key": "k"})
        assert said.key == encode(list(draft.key))
        assert (said.hidden, said.whole) == (draft.hidden, draft.whole)


@settings(deadline=None, max_examples=50)
@given(tables(), st.integers(1, 4))
def test_sheet_says_of_its_columns_what_its_drafts_say(
    told: list[dict[str, str | None]], size: int
) -> None:
    sheet = sheet_of(told)
    drafts = list(sheet)
    names = ("role", "device", "device_us", "start_ms", "operations_high")
    assert list(sheet.fields(*names)) == [tuple(d.body[n] for n in names) for d in drafts]
    above = [place for place, draft in enumerate(drafts) if excess(draft.body)]
    assert list(sheet.surpassing()) == above
    by_sheet, by_draft = HeldTime(), HeldTime()
    by_sheet.add(sheet)
    by_draft.add(drafts)
    assert by_sheet.by_device(catalogue()) == by_draft.by_device(catalogue())
    assert by_sheet.by_activity() == by_draft.by_activity()
    chunked = [list(chunk.drafts) for chunk in chunks_of("month.csv", sheet, size)]
    assert chunked == [list(chunk.drafts) for chunk in chunks_of("month.csv", iter(drafts), size)]


@settings(deadline=None, max_examples=25)
@given(tables(), st.data())
def test_sheet_is_sealed_as_its_drafts_are(
    tmp_path_factory: pytest.TempPathFactory,
    told: list[dict[str, str | None]],
    data: st.DataObject,
) -> None:
    before = sheet_of(told)[: data.draw(st.integers(0, len(told)))]
    changes = st.sampled_from(CHANGES)
    now = sheet_of([{**row, **data.draw(changes)} for row in (*told[1:], told[0])])
    sealed = []
    for say in (lambda drafts: drafts, list):
        context = found(tmp_path_factory.mktemp("sheet"))
        with opened(context, fixed()) as log:
            first, second = log.append(say(before)), log.append(say(now))
        checked(context)
        with SqliteStore(context.ledger) as store:
            tables = [list(store.rows()), list(store.all_openings()), list(store.keys())]
        sealed.append((first, second, tables))
    assert sealed[0] == sealed[1]


def fixed() -> Identity:
    """An identity whose chance and clock repeat."""
    return identity(lambda: datetime(2026, 11, 23, 10, tzinfo=UTC), "sheet")


def test_table_that_is_new_is_sealed_without_a_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = sheet_of([{**GOOD, "run": f"r-{number}", "site": "hall"} for number in range(20)])
    monkeypatch.setattr(FrameDrafts, "_build", None)
    context = found(tmp_path)
    with opened(context) as log:
        assert len(log.append(sheet).new) == 20
        assert log.append(sheet).same == 20
    assert [entry.body["run"] for entry in entries(context)] == [f"r-{n}" for n in range(20)]


@given(
    st.dictionaries(
        st.sampled_from(["evidence", "idempotency_kez", "method_inputs", "idempotency", "z"]),
        st.none()
        | st.sampled_from(["", '"idempotency_key":"",', "a"])
        | st.dictionaries(st.sampled_from(["idempotency_key", "y"]), st.just(""), min_size=1),
    )
)
def test_body_is_parted_where_its_key_is_sorted(fields: dict[str, JSON]) -> None:
    body: dict[str, JSON] = {**fields, "zz": 1}
    before, behind = spelt(body)
    assert before + behind == encode(body)
    assert before + b'"idempotency_key":"ab",' + behind == encode({**body, "idempotency_key": "ab"})


@pytest.mark.parametrize("kind", MODELS)
def test_every_record_has_a_field_behind_its_key(kind: str) -> None:
    model = MODELS[kind]
    assert max(set(model.model_fields) - model.LATER) > "idempotency_key"


@pytest.mark.parametrize("length", [0, 32, 63, 64, 65, 200])
@given(text=st.binary(max_size=300))
def test_keyed_digest_is_hmac(length: int, text: bytes) -> None:
    secret = bytes(range(length))
    digest = KeyedDigest(secret)
    assert digest.of(text) == digest.of(text) == hmac.digest(secret, text, "sha256")
    assert digest.of_all(iter([text, b"", text])) == [digest.of(each) for each in (text, b"", text)]


@pytest.mark.parametrize(
    ("operations", "above"),
    [("10685520000000000000", []), ("10685520000000000001", [0]), ("9999999999999999999", [])],
)
def test_sheet_compares_digits_as_numbers(operations: str, above: list[int]) -> None:
    one = {**GOOD, "devices": "1", "end": "2026-03-01T03:00:00Z", "operations": operations}
    sheet = sheet_of([one])
    assert sheet[0].body["ceiling_operations"] == "10685520000000000000"
    assert list(sheet.surpassing()) == above == [0] * bool(excess(sheet[0].body))


def test_legs_of_one_row_stay_in_one_chunk() -> None:
    long = {**GOOD, "id": "job-1", "end": "2026-03-05T06:00:00Z"}
    sheet = sheet_of([GOOD, long, {**GOOD, "id": "job-2"}])
    chunks = [(chunk.start, len(chunk.drafts)) for chunk in chunks_of("month.csv", sheet, 3)]
    assert chunks == [(0, 6), (6, 1)]


def test_names_are_escaped_wherever_they_stand() -> None:
    odd = 'x"\\u0041'
    row = {**GOOD, "run": f"r{odd}", "model": f"m{odd}", "input.b": odd, "input.a": f"{odd}a"}
    sheet = sheet_of([row, {**row, "id": f"i{odd}", "site": odd}])
    for draft, said in zip(sheet, sheet.spellings(identity().pseudonym), strict=True):
        assert said.key == encode(list(draft.key))
        assert said.before + said.behind == encode(with_pseudonyms(draft))
        assert b'"method_inputs":{"a":' in said.behind


@given(st.lists(st.text(max_size=5)), st.dictionaries(st.sampled_from("ab"), st.text(max_size=3)))
def test_identity_digests_as_the_specification_says(
    parts: list[str], texts: dict[str, str]
) -> None:
    body: dict[str, JSON] = dict(texts)
    said = encode({"body": body, "hidden": body, "type": "fact"})
    assert identity().key(parts) == hmac.digest(SECRET, b"key\0" + encode([*parts]), "sha256")
    content = identity().content("fact", body, texts)
    assert content == hmac.digest(SECRET, b"content\0" + said, "sha256")


def test_identity_with_an_heir_keeps_its_digests() -> None:
    one = identity()
    assert replace(one, heir=one.signer).key(["a"]) == one.key(["a"])


def test_sealing_digests_what_a_sheet_hides(tmp_path: Path) -> None:
    sheet = sheet_of([{**GOOD, "id": f"job-{n}", "notes": f"note {n}"} for n in range(3)])
    context = found(tmp_path)
    with SqliteStore(context.ledger) as store:
        batch, appended = Sealing(identity(), store, store.head()).run(sheet)
    assert appended.new == (0, 1, 2)
    digests = [(identity().key(d.key), _content(d)) for d in sheet]
    assert [(key, content) for key, _, content in batch.keys] == digests
    assert len({content for _, content in digests}) == len(batch.openings) == 3


def _content(draft: Draft) -> bytes:
    """The digest of what a draft says, as the specification has it."""
    said: JSON = {"body": with_pseudonyms(draft), "hidden": dict(draft.hidden), "type": draft.type}
    return hmac.digest(SECRET, b"content\0" + encode(said), "sha256")


def test_sheet_is_not_spelt_by_a_polars_that_writes_other_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spelling._check_writer.cache_clear()
    real = spelling._json
    monkeypatch.setattr(spelling, "_json", lambda struct: real(struct).str.replace("\x7f", "?"))
    with pytest.raises(InputError, match="writes JSON otherwise"):
        list(sheet_of([GOOD]).spellings(identity().pseudonym))
