"""The documents are true: every module is on the map, every page exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ledger.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ledger"
ARCHITECTURE_LINES_MAX = 300


def test_docs_architecture_names_every_module() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert len(text.splitlines()) <= ARCHITECTURE_LINES_MAX
    missing = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[-1] in {"__init__", "__main__"} or "_data" in parts:
            continue
        if not re.search(rf"`{re.escape('/'.join(parts))}`", text):
            missing.append("/".join(parts))
    assert not missing, f"add to the code map: {missing}"


def test_docs_architecture_names_no_module_that_is_gone() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    code_map = text.split("## Code map")[1].split("\n## ")[0]
    for name in re.findall(r"^\| `([a-z_/0-9]+)` \|", code_map, re.MULTILINE):
        assert (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir(), name


def test_docs_changelog_has_an_unreleased_section() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "## [Unreleased]" in text


def test_docs_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    missing = [name for name in COMMANDS if f"flopledger {name}" not in text]
    assert not missing, f"show it in a tour or in the list of commands: {missing}"


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_docs_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (ROOT / target).exists(), f"{name} links to {target}"


def test_docs_every_schema_is_json_schema_and_has_an_id() -> None:
    for path in sorted((ROOT / "schemas").glob("*.json")):
        schema = json.loads(path.read_text("utf-8"))
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", path.name
        assert schema["$id"].endswith(path.name), path.name


def test_docs_schemas_are_listed_on_their_index_page() -> None:
    text = (ROOT / "schemas" / "README.md").read_text("utf-8")
    for path in sorted((ROOT / "schemas").iterdir()):
        if path.name != "README.md":
            assert path.name in text, f"add {path.name} to schemas/README.md"
