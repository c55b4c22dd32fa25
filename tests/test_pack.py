"""Rule packs: one digest names the law that a determination rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from regenerate import SHIPPED, shipped_text

from ledger import pack as packs
from ledger.canonical import encode
from ledger.errors import MissingError, RuleError
from ledger.pack import (
    ENGINE,
    LINT_NAME,
    PACK_NAME,
    SCHEMA,
    Pack,
    build_pack,
    packed_bytes,
    read_pack,
    unpack,
)
from ledger.regime import load
from ledger.resources import rules_root, schemas_root
from ledger.shipped import LAW_SHA256, PACK_SHA256


def test_pack_digest_is_that_of_its_canonical_bytes(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("x: 1\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.yaml").write_text("y: [p, q]\n")
    pack = build_pack(tmp_path)
    expected = encode(
        {"files": {"a/c.yaml": {"y": ["p", "q"]}, "b.yaml": {"x": "1"}}, "schema": SCHEMA}
    )
    assert pack.digest == hashlib.sha256(expected).hexdigest()
    assert pack.encode() == expected
    (tmp_path / PACK_NAME).write_bytes(packed_bytes(tmp_path))
    assert read_pack(tmp_path) == pack
    assert read_pack(tmp_path).digest == pack.digest


def test_pack_that_is_older_than_its_rule_files_is_not_used(tmp_path: Path) -> None:
    rule = tmp_path / "b.yaml"
    rule.write_text("x: 1\n")
    (tmp_path / PACK_NAME).write_bytes(packed_bytes(tmp_path))
    rule.write_text("x: 2\n")
    assert read_pack(tmp_path).tree("b.yaml") == {"x": "2"}
    (tmp_path / "new.yaml").write_text("y: 1\n")
    assert set(read_pack(tmp_path).files) == {"b.yaml", "new.yaml"}


def test_pack_changes_its_digest_with_any_letter_but_not_with_comments(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("x: 1\n")
    first = build_pack(tmp_path).digest
    (tmp_path / "b.yaml").write_text("# a remark\nx: 1\n")
    assert build_pack(tmp_path).digest == first
    (tmp_path / "b.yaml").write_text("x: 2\n")
    assert build_pack(tmp_path).digest != first


def test_pack_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / PACK_NAME).write_bytes(b'{"files":{} ,"schema":"flopledger/pack.v1"}')
    with pytest.raises(RuleError, match="not a rule pack") as caught:
        read_pack(tmp_path)
    assert caught.value.where == PACK_NAME
    assert caught.value.remedy.startswith("build it again")
    (tmp_path / PACK_NAME).write_bytes(b'{"files":{},"schema":"other","sources":{}}')
    with pytest.raises(RuleError, match="not a rule pack"):
        read_pack(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\xa6\x00", b"[1,2", b'{ "files": {} }', b"{}"])
def test_file_that_is_no_pack_is_named_with_what_to_give_instead(
    tmp_path: Path, data: bytes
) -> None:
    file = tmp_path / "law.json"
    file.write_bytes(data)
    with pytest.raises(RuleError, match="not a rule pack") as caught:
        read_pack(file)
    assert caught.value.where == "law.json"
    assert caught.value.why
    assert "rules pack wrote" in caught.value.remedy


def test_pack_has_its_mappings_in_the_order_of_their_keys_however_it_was_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "b.yaml").write_text("z: [{ y: 1, x: 2 }]\na: 1\n")
    tree = build_pack(tmp_path).tree("b.yaml")
    assert json.dumps(tree) == '{"a": "1", "z": [{"x": "2", "y": "1"}]}'
    (tmp_path / "p.json").write_bytes(packed_bytes(tmp_path))
    assert json.dumps(read_pack(tmp_path / "p.json").tree("b.yaml")) == json.dumps(tree)


def test_pack_file_by_itself_is_the_law_as_it_was_packed(tmp_path: Path) -> None:
    law = tmp_path / "law"
    law.mkdir()
    (law / "b.yaml").write_text("x: 1\n")
    (tmp_path / "p.json").write_bytes(packed_bytes(law))
    then = build_pack(law)
    (law / "b.yaml").write_text("x: 2\n")
    assert read_pack(rules_root(tmp_path / "p.json")) == then
    assert read_pack(rules_root(law)) != then


def test_pack_states_which_files_and_which_program_it_needs(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("x: 1\n")
    held = json.loads(packed_bytes(tmp_path))
    assert held["sources"] == {"b.yaml": hashlib.sha256(b"x: 1\n").hexdigest()}
    assert held["engine"] == ENGINE
    newer = tmp_path / "newer.json"
    for engine in ("0.2.0", "1.0.0", "0.1.1"):
        newer.write_bytes(encode({**held, "engine": engine}))
        with pytest.raises(RuleError, match=f"needs flopledger {engine} or later, and this is"):
            read_pack(newer)
    for engine in ("0.0.9", "0.1.0"):
        newer.write_bytes(encode({**held, "engine": engine}))
        assert read_pack(newer).digest == build_pack(tmp_path).digest
    del held["engine"]
    newer.write_bytes(encode(held))
    assert read_pack(newer).digest == build_pack(tmp_path).digest


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"engine": "1"}, "engine is no version"),
        ({"engine": "0.1.0.0"}, "engine is no version"),
        ({"engine": 1}, "engine is no version"),
        ({"engine": "٠.١.٠"}, "engine is no version"),
        ({"files": {}}, "files are not trees"),
        ({"files": {"b.yaml": {"x": 1}}}, "files are not trees"),
        ({"files": {"b.yaml": {"x": [None]}}}, "files are not trees"),
        ({"files": ["b.yaml"]}, "files are not trees"),
        ({"sources": {}}, "sources are not the files"),
        ({"sources": {"c.yaml": "0" * 64}}, "sources are not the files"),
        ({"sources": {"b.yaml": "0" * 63}}, "not SHA-256"),
        ({"sources": {"b.yaml": 1}}, "not SHA-256"),
        ({"more": "1"}, "or has others"),
        ({"schema": "flopledger/pack.v2"}, "lacks the members"),
    ],
)
def test_pack_that_is_not_one_is_refused(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    (tmp_path / "b.yaml").write_text("x: 1\n")
    held = json.loads(packed_bytes(tmp_path))
    (tmp_path / "p.json").write_bytes(encode({**held, **change}))
    with pytest.raises(RuleError, match="not a rule pack") as refused:
        read_pack(tmp_path / "p.json")
    assert why in refused.value.why
    assert refused.value.where == "p.json"


def test_pack_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        build_pack(tmp_path)


def test_pack_says_which_file_it_lacks() -> None:
    pack = Pack.of({"a.yaml": ["x"]})
    with pytest.raises(MissingError, match=r"b\.yaml"):
        pack.tree("b.yaml")
    with pytest.raises(RuleError, match="mapping"):
        pack.tree("a.yaml")


def test_pack_that_ships_equals_the_rule_files() -> None:
    root = rules_root()
    packed = (root / PACK_NAME).read_bytes()
    assert packed == packed_bytes(root), "run: python tests/regenerate.py"
    assert read_pack(root) == build_pack(root)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked of packs and of the law, whether it ships or not; nothing is held."""
    done: list[str] = []
    parse, check = packs.parse, load.check_regime
    monkeypatch.setattr(packs, "parse", lambda *a, **k: (done.append("pack"), parse(*a, **k))[1])
    monkeypatch.setattr(load, "check_regime", lambda *a: (done.append("law"), check(*a))[1])
    for held in (packs._unpack, load.load_regimes):
        held.cache_clear()
    yield done
    for held in (packs._unpack, load.load_regimes):
        held.cache_clear()


def test_pack_that_ships_is_known_by_digests_and_they_are_its_own() -> None:
    root = rules_root()
    packed = (root / PACK_NAME).read_bytes()
    assert hashlib.sha256(packed).hexdigest() == PACK_SHA256, "run: python tests/regenerate.py"
    law = Pack.of(json.loads(packed)["files"]).digest
    assert law == LAW_SHA256, "run: python tests/regenerate.py"
    assert SHIPPED.read_text("utf-8") == shipped_text(packed, law)
    other = shipped_text(b"other", "0" * 64)
    assert other.count(hashlib.sha256(b"other").hexdigest()) == other.count("0" * 64) == 1


def test_pack_that_ships_stands_every_question_that_it_is_not_asked_again(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = (rules_root() / PACK_NAME).read_bytes()
    known, sources = unpack(packed, where=PACK_NAME)
    regimes = load.load_regimes(known)
    assert asked == []
    monkeypatch.setattr(packs, "PACK_SHA256", "")
    monkeypatch.setattr(load, "LAW_SHA256", "")
    packs._unpack.cache_clear()
    load.load_regimes.cache_clear()
    again = unpack(packed, where=PACK_NAME)
    assert (again[0].digest, again[1]) == (known.digest, sources)
    assert json.dumps(again[0].files) == json.dumps(known.files)
    assert dict(load.load_regimes(again[0])) == dict(regimes)
    assert asked == ["pack", *["law"] * len(regimes)]


def test_pack_in_which_anything_differs_from_the_one_that_ships_is_asked(
    asked: list[str], tmp_path: Path
) -> None:
    packed = (rules_root() / PACK_NAME).read_bytes()
    random, file = Random(7), tmp_path / "law.json"
    places = [random.randrange(len(packed)) for _ in range(6)]
    changed = [packed[:at] + bytes([packed[at] ^ 1]) + packed[at + 1 :] for at in places]
    for number, data in enumerate((packed + b"\n", b" " + packed, packed[:-1], *changed)):
        file.write_bytes(data)
        try:
            found = read_pack(file)
        except RuleError as error:
            assert "not a rule pack" in error.message  # noqa: PT017 - both may be
        else:
            assert found.digest == Pack.of(found.files).digest
        assert asked == ["pack"] * (number + 1)


def test_law_that_is_not_the_one_that_ships_is_asked_whether_it_is_sound(
    asked: list[str],
) -> None:
    files = json.loads(json.dumps(dict(read_pack(rules_root()).files)))
    sb53 = files["regimes/us/us.ca.sb53.yaml"]
    sb53["rules"][1]["id"] = sb53["rules"][0]["id"]
    with pytest.raises(RuleError, match="stands twice"):
        load.load_regimes(Pack.of(files))
    assert "law" in asked


def test_resources_are_found_and_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert (schemas_root() / "entry.v1.md").is_file()
    with pytest.raises(MissingError, match="not a folder"):
        rules_root(tmp_path / "none")


def test_pack_of_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_bytes(b"x: caf\xe9\n")
    with pytest.raises(RuleError, match="not UTF-8: byte 6 is 0xe9") as caught:
        build_pack(tmp_path)
    assert caught.value.where == "b.yaml"
    assert caught.value.kind == "encoding"


def test_pack_holds_no_list_of_what_lint_passes_over(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("x: 1\n")
    before = build_pack(tmp_path)
    (tmp_path / LINT_NAME).write_text("exceptions: []\n")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / LINT_NAME).write_text("y: 2\n")
    assert set(build_pack(tmp_path).files) == {"b.yaml", "deeper/lint.yaml"}
    (tmp_path / "deeper" / LINT_NAME).unlink()
    assert build_pack(tmp_path) == before
