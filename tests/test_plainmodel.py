"""Plain models give what pydantic gives, and refuse what it refuses, word for word."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import allocation, commitment, fact, lineage
from neutral import BARRED, read, told
from recorded import holding
from regimes import ROOT, SMALL, shipped_pack

from ledger import plainmodel
from ledger.canonical import encode
from ledger.errors import LedgerError
from ledger.modelling import PLAIN
from ledger.pack import SCHEMA
from ledger.plainmodel.fault import Refused
from ledger.plainmodel.reader import reader_of
from ledger.regime.cased import load_cased
from ledger.yamltree import parse_tree

HOSTILE = sorted((ROOT / "tests" / "hostile" / "rules").glob("*.yaml"))
LINTED = sorted((ROOT / "tests" / "lint").rglob("*.yaml"))
RULES = sorted((ROOT / "tests" / "rules").glob("*.yaml"))
SECONDS_MAX = 3.0  # of the processor, to load the shipped law
KEYS = [
    "at",
    "by",
    "cite",
    "from",
    "id",
    "open",
    "operations",
    "schema",
    "title",
    "until",
    "value",
    "when",
]
ODD: list[Any] = [
    *("", "x", "A B", "a\n", "x" * 5_000, "yes", "unknown", "none", "in_force", "0", "12"),
    *("10^25 FLOP", "1e25 FLOP", "5", "1/3 ratio", "14 day", "2026-02-30", "2026-01-01"),
    *("٢٠٢٦-٠١-٠١", "model.x", "rule:x", "a > b", "reading:a=b", "é", "\ud800"),
    *([], {}, [[]], ["x"], ["x", "y", "z"], {"x": "y"}, {"open": "x"}, {"en": "x"}),
    *({"gt": ["a", "b"]}, {"all": []}, {"any": ["a"], "all": ["a"]}, {"mul": ["a", "2", "A"]}),
    *({"low": "1 FLOP", "high": "2 FLOP"}, {"at-least": "1 USD"}, {"earliest": ["met"]}),
]


class Plain:
    """A process in which there is no pydantic."""

    def __init__(self, pack: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "neutral.py"), str(pack)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
        )

    def read(self, kind: str, given: Any) -> Any:
        """Ask what it reads."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([kind, given]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process ended"
        return json.loads(line)

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    path = tmp_path_factory.mktemp("law") / "law.json"
    files = dict(shipped_pack().files)
    sources = dict.fromkeys(files, "0" * 64)  # the child has no YAML to compare it with
    path.write_bytes(encode({"files": files, "schema": SCHEMA, "sources": sources}))
    process = Plain(path)
    yield process
    process.end()


def here(kind: str, given: Any) -> Any:
    """Return what this process reads, with pydantic."""
    assert not PLAIN
    return json.loads(told(read(kind, given, shipped_pack())))


@cache
def trees() -> tuple[Any, ...]:
    """Return rule files to change: those of the tests, and the shipped ones."""
    own = [parse_tree(text, where="x") for text in (SMALL, *(p.read_text("utf-8") for p in RULES))]
    shipped = shipped_pack().under("regimes").values()
    # Small ones break in as many ways as large ones, and are read faster.
    return (*own * 4, *sorted(shipped, key=lambda tree: len(json.dumps(tree)))[:24])


def test_plain_models_load_the_shipped_law_as_pydantic_does(plain: Plain) -> None:
    *found, seconds = plain.read("pack", None)
    assert found == here("pack", None)[:2]
    assert len(found[0]) == len(load_cased(shipped_pack()))
    assert seconds < SECONDS_MAX


def test_plain_models_do_in_code_what_those_of_pydantic_do(plain: Plain) -> None:
    assert plain.read("behaviour", None) == here("behaviour", None)


def test_plain_models_say_the_same_of_every_file_at_hand(plain: Plain) -> None:
    asked = 0
    for path in (*HOSTILE, *LINTED, *RULES):
        try:
            tree = parse_tree(path.read_text("utf-8"), where="x")
        except LedgerError:
            continue  # refused before there is anything to read
        for kind in ("regime", "waivers", "index"):
            assert plain.read(kind, tree) == here(kind, tree), path
        asked += 1
    assert asked > 80


@pytest.mark.parametrize("name", ["facts", "activities"])
def test_plain_models_say_the_same_of_words(plain: Plain, name: str) -> None:
    tree: Any = shipped_pack().files[f"vocabulary/{name}.yaml"]
    few = {key: tree[key] for key in list(tree)[:3]}
    for value in (*ODD, None, 5):
        changed_parts = [
            {**few, key: {**few[key], part: value}} for key in list(few)[:2] for part in few[key]
        ]
        for odd in (value, {**few, "x y": value}, *changed_parts):
            assert plain.read(name, odd) == here(name, odd)


def test_plain_models_say_the_same_on_both_sides_of_every_bound(plain: Plain) -> None:
    tree: Any = parse_tree(SMALL, where="x")
    rule = tree["rules"][0]
    keys = ["company", "destination", "device", "site", "consignee", "headquarters"]
    odd = [
        *({**rule, "when": {"gt": [{"mul": ["2"] * count}, "line"]}} for count in (0, 1, 2, 8, 9)),
        *({**rule, "when": {"gt": ["a"] * count}} for count in range(5)),
        *({**rule, "when": {"any-of": ["model.x"] * count}} for count in range(4)),
        *({**rule, "when": {"any-of": ["model.x", ["a"] * count]}} for count in range(3)),
        *({**rule, "when": {name: ["a"] * count}} for name in ("all", "any") for count in range(3)),
        *({**rule, "choose": [{"case": "a", "then": "b"}] * count} for count in range(4)),
        *({**rule, "group": {"by": keys[:count]}} for count in range(7)),
        *({**rule, "views": {"actual": {"basis": ["actual"] * count}}} for count in range(4)),
        *({**rule, "id": "a" * count} for count in (0, 1, 64, 65)),
        *({**rule, "interpretation": "a" * count} for count in (0, 1, 4_000, 4_001)),
        *({**rule, "interpretation": text} for text in ("\U0001f600" * 4_000, "é" * 4_001)),
    ]
    said = [here("rule", each) for each in odd]
    assert {None if found[1][0] is None else "read" for found in said} == {None, "read"}
    assert [plain.read("rule", each) for each in odd] == said


def test_plain_models_say_the_same_of_trust(plain: Plain) -> None:
    key = "ledger.example/a+8b6d5ed8+AWN1cmlvdXMgYnl0ZXMgdGhhdCBhcmUgbm8ga2V5IHc="
    signer = {"name": "A", "roles": ["reader"], "keys": [{"from": "2026-01-01", "vkey": key}]}
    whole = {"schema": "flopledger/pack-trust.v1", "signers": {"a": signer}}
    for many in ("1", "2", "0", "100", "x", [], {}):
        for role in ("reader", "rader", "A"):
            tree = {**whole, "threshold": {role: many}}
            assert plain.read("trust", tree) == here("trust", tree)


def changed(tree: Any, random: Random) -> Any:  # noqa: PLR0911 - one for each change
    """Return a tree that differs in one place."""
    if isinstance(tree, dict) and tree and random.random() < 0.9:
        key = random.choice(list(tree))
        match random.randrange(12):
            case 0:
                return {name: held for name, held in tree.items() if name != key}
            case 1:
                odd = random.choice([*KEYS, key + "s", key.upper(), ""])
                return {odd if name == key else name: held for name, held in tree.items()}
            case 2:
                return {**tree, random.choice(KEYS): random.choice(ODD)}
        return {**tree, key: changed(tree[key], random)}
    if isinstance(tree, list) and tree and random.random() < 0.9:
        index = random.randrange(len(tree))
        match random.randrange(8):
            case 0:
                return [*tree[:index], *tree[index + 1 :]]
            case 1:
                return [*tree, *tree[index:]]
        return [*tree[:index], changed(tree[index], random), *tree[index + 1 :]]
    return random.choice([*ODD, [tree], {"x": tree}])


def say_the_same_of_a_changed_file(plain: Plain, seed: int) -> None:
    """Change a file in one to four places and read it here and there."""
    random = Random(seed)
    tree = random.choice(trees())
    for _ in range(random.randint(1, 4)):
        tree = changed(tree, random)
    assert plain.read("regime", tree) == here("regime", tree)


def test_half_a_character_is_refused_in_the_same_words(plain: Plain) -> None:
    tree: Any = parse_tree(SMALL, where="x")
    for odd in ({**tree, "title": {"en": "a\ud800"}}, {**tree, "\udfff": "a", "rules": "\ud800"}):
        found = here("regime", odd)
        assert found[1][0] is None
        assert "encoding" in json.dumps(found)
        assert plain.read("regime", odd) == found


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_plain_models_say_the_same_of_any_changed_file(plain: Plain, seed: int) -> None:
    say_the_same_of_a_changed_file(plain, seed)


@pytest.mark.slow
def test_plain_models_say_the_same_of_many_changed_files(plain: Plain) -> None:
    for seed in range(5_000):
        say_the_same_of_a_changed_file(plain, seed)


RECORDS = [
    ("allocation", allocation()),
    ("allocation", {**allocation(), "method_inputs": {"a": 1, "b": "x"}}),
    ("commitment", commitment("m", "acme")),
    (
        "commitment",
        commitment(
            "m",
            "acme",
            allocated_on="2026-03-01",
            expired_on="2026-09-01",
            substitutes=[{"device": "b200", "ratio": "1/2"}],
        ),
    ),
    ("fact", fact("model:m", "model.x", "set", ["a"])),
    ("fact", fact("model:m", "model.x", "boolean", value=True)),
    ("lineage", lineage("m", "n")),
    ("holding", {name: held for name, held in holding("h100").items() if name != "type"}),
]
IN_JSON = [*ODD, None, True, 0, -1, 2**53, 10**40, 1.0, "9" * 39, "a ", "\u200b", "US", "model:"]


@settings(max_examples=200)
@given(seed=st.integers(0, 2**32))
def test_plain_models_say_the_same_of_any_changed_record(plain: Plain, seed: int) -> None:
    random = Random(seed)
    kind, body = random.choice(RECORDS)
    body = dict(body)
    for _ in range(random.randrange(3)):
        name = random.choice([*body, "more"])
        if random.random() < 0.1:
            body.pop(name, None)
        elif isinstance(body.get(name), dict) and random.random() < 0.7:
            inner = random.choice([*body[name], "more"])
            body[name] = {**body[name], inner: random.choice(IN_JSON)}
        else:
            body[name] = random.choice(IN_JSON)
    assert plain.read("record", [kind, body]) == here("record", [kind, body])


def test_plain_models_are_strict_closed_and_frozen_or_none() -> None:
    for config in ({}, {"strict": True, "frozen": True}, {"strict": True, "extra": "forbid"}):
        with pytest.raises(TypeError, match="strict, closed and frozen"):
            type("Loose", (plainmodel.BaseModel,), {"model_config": config})
    closed = {"strict": True, "extra": "forbid", "frozen": True}
    with pytest.raises(TypeError, match="strict, closed and frozen"):
        type("Odd", (plainmodel.BaseModel,), {"model_config": {**closed, "from_attributes": True}})


def test_plain_models_share_no_default_that_can_change() -> None:
    closed = {"strict": True, "extra": "forbid", "frozen": True}
    body = {"__annotations__": {"names": "list[str]"}, "names": [], "__module__": __name__}
    held: Any = type("Held", (plainmodel.BaseModel,), {**body, "model_config": closed})
    held().names.append("x")
    assert held().names == []


@pytest.mark.parametrize(
    "kind",
    [
        float,
        set[str],
        ClassVar[str],
        Annotated[str, plainmodel.Field(ge=1)],
        Annotated[int, plainmodel.Field(min_length=1)],
        Annotated[bool, plainmodel.Field(ge=1)],
        Annotated[list[str], plainmodel.Field(min_length=1)],
        Annotated[int, plainmodel.StringConstraints(pattern="a")],
        Annotated[int | str, plainmodel.Field(ge=1)],
        Annotated[str | None, plainmodel.AfterValidator(str)],
        Annotated[str, plainmodel.StringConstraints(pattern="a$|b")],
        Annotated[str, "an unknown mark"],
        Annotated[str, plainmodel.AfterValidator(str), plainmodel.Field(max_length=1)],
        Annotated[str, plainmodel.BeforeValidator(str), plainmodel.StringConstraints(pattern="a")],
        Annotated[str, plainmodel.PlainValidator(str), plainmodel.Field(min_length=1)],
        Annotated[
            Annotated[tuple[str, ...], plainmodel.AfterValidator(tuple)],
            plainmodel.Field(max_length=1),
        ],
    ],
    ids=range(16),
)
def test_plain_models_read_nothing_that_they_do_not_understand(kind: Any) -> None:
    with pytest.raises(TypeError, match="plain model"):
        reader_of(kind)
    with pytest.raises(TypeError):
        plainmodel.Field(multiple_of=2)


def test_plain_models_hold_to_the_order_of_marks() -> None:
    read = reader_of(
        Annotated[
            str,
            plainmodel.StringConstraints(max_length=3),
            plainmodel.AfterValidator(lambda text: text + "-"),
            plainmodel.AfterValidator(str.upper),
            plainmodel.BeforeValidator(lambda text: text[:3]),
        ]
    )
    told_ = plainmodel.ValidationInfo()
    assert read("abcdef", told_) == "ABC-"
    late = Annotated[int, plainmodel.AfterValidator(lambda number: number - 5)]
    number = reader_of(Annotated[late, plainmodel.Field(ge=0)])
    assert number(5, told_) == 0
    with pytest.raises(Refused):
        number(4, told_)


def test_plain_models_are_told_apart_from_a_broken_pydantic(tmp_path: Path) -> None:
    (tmp_path / "pydantic.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import ledger.modelling"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nothing_of_that_name" in done.stderr


def test_plain_models_bar_what_who_verifies_has_not() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {text.partition(">")[0] for text in project["dependencies"]}
    assert (needed - {"cryptography", "pyyaml"}) | {"yaml", "pydantic_core"} <= set(BARRED)
