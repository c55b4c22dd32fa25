"""Spellings and rules are those of the models: whatever one takes, its type takes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import product
from operator import or_
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ledger.canonical import encode
from ledger.entry import TYPES
from ledger.errors import LedgerError
from ledger.form import bodies, form_of, spelling
from ledger.form.plain import is_plain
from ledger.form.rules import Amounts, Inputs, SetOfNames, Times
from ledger.form.spelling import Spelling, whole, words
from ledger.period import Period, parse_day, parse_instant
from ledger.record import MODELS, Body, fields
from ledger.record.allocation import InputValue, Milliseconds
from ledger.record.subject import FactValue, Subject

ALIASES: list[tuple[Any, Spelling]] = [
    (fields.Identifier, spelling.IDENTIFIER),
    (fields.Text, spelling.TEXT),
    (fields.Digits, spelling.DIGITS),
    (fields.Operations, spelling.OPERATIONS),
    (fields.Count, spelling.COUNT),
    (fields.Sha256, spelling.HASH),
    (fields.Instant, spelling.INSTANT),
    (fields.Day, spelling.DAY),
    (Milliseconds, spelling.MILLISECONDS),
    (bool, spelling.YES_NO),
    (list[fields.Identifier], spelling.SET),
    (dict[fields.Identifier, InputValue], spelling.INPUTS),
    (Subject, bodies.SUBJECT),
    (
        get_args(get_type_hints(MODELS["holding"], include_extras=True)["destination"])[0],
        bodies.COUNTRY,
    ),
]


def spelt(kind: Any) -> Spelling:
    """Return the spelling of a type, as the model states it."""
    for alias, known in ALIASES:
        if kind == alias:
            return known
    if get_origin(kind) in {Union, UnionType}:
        inner = [each for each in get_args(kind) if each is not NoneType]
        assert NoneType in get_args(kind), kind
        return spelt(inner[0] if len(inner) == 1 else reduce(or_, inner)).or_null()
    if get_origin(kind) is Literal:
        return words(get_args(kind))
    if kind == FactValue:
        models = get_args(get_args(kind)[0])
        return Spelling("|".join(spelt(model).inside for model in models), quoted=False)
    assert issubclass(kind, Body), kind
    return Spelling(whole(members(kind)), quoted=False)


def members(model: type[Body], without: frozenset[str] = frozenset()) -> dict[str, Spelling]:
    """Return the spelling of the fields of a model; a leaf with later ones is read the slow way."""
    hints = get_type_hints(model, include_extras=True)
    assert not any(model.model_fields[name].is_required() for name in without)
    return {name: spelt(hints[name]) for name in model.model_fields if name not in without}


def test_every_type_but_reversals_has_the_form_of_its_model() -> None:
    assert {kind for kind in TYPES if form_of(kind) is None} == {"reversal"}
    for kind in TYPES - {"reversal"}:
        added = {f"{name}_pseudonym": spelling.PSEUDONYM for name in MODELS[kind].PSEUDONYMS}
        expected = members(MODELS[kind], without=MODELS[kind].LATER)
        expected |= {name: each.or_null() for name, each in added.items()}
        expected["idempotency_key"] = spelling.HASH
        form = form_of(kind)
        assert form is not None
        assert form.names == expected.keys()
        assert re.sub(r"\(\?P<\w+>", "(?:", form.source) == whole(expected), kind


def models() -> Iterator[type[Body]]:
    """Yield every model of a body or of a part of one."""
    found = [Body]
    for model in found:
        found += model.__subclasses__()
    return (model for model in found if model.__module__.startswith("ledger.record"))


def test_what_models_check_over_several_fields_is_known_to_the_forms() -> None:
    checked = {m.__name__: set(m.__pydantic_decorators__.model_validators) for m in models()}
    assert {name: found for name, found in checked.items() if found} == {
        "Allocation": {"_agrees"},  # Times, Amounts
        "Commitment": {"_in_order"},  # Window
        "Lineage": {"_not_itself"},  # Descent
        "QuantityValue": {"_readable"},  # Exact
        "SetValue": {"_sorted"},  # SetOfNames
    }
    for model in models():
        assert not model.__pydantic_decorators__.field_validators
        assert not model.__pydantic_decorators__.validators


@pytest.mark.parametrize(("alias", "known"), ALIASES, ids=lambda each: str(each)[:40])
@settings(max_examples=100)
@given(data=st.data())
def test_what_a_spelling_takes_its_type_takes(alias: Any, known: Spelling, data: Any) -> None:
    # Hypothesis writes no possessive patterns; the text is held to the true one.
    text = data.draw(
        st.from_regex(known.inside.replace("}+", "}").replace("*+", "*"), fullmatch=True)
    )
    # What a leaf holds is plain: whatever is not goes to the types before its form is asked.
    if not re.fullmatch(known.inside, text) or not is_plain(text):
        return
    value = json.loads(text) if not known.quoted else text
    if known is spelling.SET or known is spelling.INPUTS:
        if (encode(value) != text.encode()) or (isinstance(value, list) and value != sorted(value)):
            return  # for the rules to refuse
    elif known.quoted:
        assert encode(value) == f'"{text}"'.encode()
    TypeAdapter(alias).validate_python(value, strict=True)


def test_every_character_of_a_spelling_is_one_of_a_name_and_canonical() -> None:
    names = TypeAdapter(fields.Identifier)
    character = re.compile(spelling.CHARACTER)
    for point in range(sys.maxunicode + 1):
        text = chr(point)
        if 0xD800 <= point < 0xE000 or not character.fullmatch(text) or not text.isprintable():
            continue
        if not is_plain(f"a{text}b"):
            continue
        assert encode(text) == f'"{text}"'.encode()
        names.validate_python(f"a{text}b")
        if text != " ":
            names.validate_python(text)


def test_days_and_times_of_a_spelling_exist() -> None:
    day, instant = re.compile(spelling.DAY.inside), re.compile(spelling.INSTANT.inside)
    for year, month, number in product((0, 1, 1900, 2024, 2026, 9999), range(14), range(33)):
        text = f"{year:04d}-{month:02d}-{number:02d}"
        try:
            parse_day(text)
        except LedgerError:
            assert not day.fullmatch(text), text
        else:
            assert bool(day.fullmatch(text)) is not text.endswith("-02-29"), text
    for hour, minute, second in product(range(26), (0, 9, 59, 60, 61), (0, 9, 59, 60, 61)):
        text = f"2026-01-01T{hour:02d}:{minute:02d}:{second:02d}Z"
        held = hour < 24 and minute < 60 and second < 60
        assert bool(instant.fullmatch(text)) is held
        if held:
            parse_instant(text)


INSTANTS = st.tuples(st.integers(0, 2 * 24 * 3600), st.sampled_from([0, 1, 500, 999]))
START = datetime(2026, 1, 1, tzinfo=UTC)


@settings(max_examples=500)
@given(INSTANTS, INSTANTS, st.sampled_from([None, 0, 1, 8000]), st.sampled_from([None, 0, 1]))
def test_times_agree_as_the_calendar_has_it(
    start: tuple[int, int], end: tuple[int, int], devices: int | None, off: int | None
) -> None:
    first, last = (
        START + timedelta(seconds=seconds, milliseconds=ms) for seconds, ms in (start, end)
    )
    texts = [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (first, last)]
    length = (last - first) // timedelta(milliseconds=1)
    device_us = None if off is None or devices is None else max(0, devices * length + off)
    try:
        holds = Period(first, last).within_one_day()
    except LedgerError:
        holds = False
    holds = holds and device_us in {None, (devices or 0) * length}
    given_ = None if device_us is None else str(device_us)
    times = Times(texts[0], start[1], texts[1], end[1], None, devices, given_)
    if holds:
        times.require()
    else:
        with pytest.raises((ValueError, LedgerError)):
            times.require()


def test_rules_over_texts_read_them_as_json_does() -> None:
    for text in ("[]", '["a"]', '["a","b"]', '["a,","b"]', '["a","a"]', '["b","a"]', '["é","z"]'):
        names = json.loads(text)
        held(SetOfNames(text), names == sorted(set(names)))
    for text in (
        "{}",
        '{"a":"x,",":b":1}',
        '{":b":1,"a":"x,"}',
        '{"a":1,"a":2}',
        '{"a":-5,"b":"{"}',
    ):
        keys = [key for key, _ in json.loads(text, object_pairs_hook=list)]
        held(Inputs(text), keys == sorted(set(keys)))
    held(Amounts("2", "10", None, "3", "500000", "1"), "right")
    held(Amounts("2", None, "1", None, None, None), "")
    held(Amounts("2", "10", None, "3", "500000", "2"), "")


def held(rule: Amounts | Inputs | SetOfNames, right: object) -> None:
    """Hold a rule to what it should say."""
    if right:
        rule.require()
        return
    with pytest.raises(ValueError, match=r"sorted|decrease|floor|repetition"):
        rule.require()
