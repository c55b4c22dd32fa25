"""Rule packs: one digest names the law that a determination rests on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ledger.canonical import encode
from ledger.errors import CanonicalError, MissingError, RuleError
from ledger.pack import LINT_NAME, PACK_NAME, SCHEMA, Pack, build_pack, packed_bytes, read_pack
from ledger.resources import rules_root, schemas_root


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
    with pytest.raises(CanonicalError):
        read_pack(tmp_path)
    (tmp_path / PACK_NAME).write_bytes(b'{"files":{},"schema":"other","sources":{}}')
    with pytest.raises(RuleError, match="not a rule pack"):
        read_pack(tmp_path)


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
