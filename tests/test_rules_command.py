"""``flopledger rules``: what it prints and with which status it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from regimes import ROOT, SMALL, changed
from supplied import supplied

from ledger.pack import packed_bytes
from ledger.regime.schema import SCHEMAS

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of rules with the shipped vocabulary and the small regime."""
    rules = tmp_path / "law"
    (rules / "vocabulary").mkdir(parents=True)
    for path in (ROOT / "rules" / "vocabulary").glob("*.yaml"):
        (rules / "vocabulary" / path.name).write_bytes(path.read_bytes())
    (rules / "regimes" / "xx").mkdir(parents=True)
    write(rules, SMALL)
    return rules


def write(rules: Path, text: str) -> None:
    """Write the one regime of a folder."""
    (rules / "regimes" / "xx" / "xx.small.yaml").write_text(text, encoding="utf-8")


def test_rules_list_shows_where_each_regime_stands(flopledger: Run, folder: Path) -> None:
    done = flopledger("--rules", str(folder), "rules", "list", "--in-force-on", "2026-02-01")
    assert done.code == 0
    assert "xx.small" in done.out
    assert "in_force" in done.out
    assert "10^25 FLOP" in done.out
    asked = ("rules", "list", "--in-force-on", "2027-02-01", "--law-known-on", "2026-05-31")
    early = flopledger("--rules", str(folder), *asked, "-f", "json")
    late = flopledger("--rules", str(folder), *asked[:4], "-f", "json")
    assert [json.loads(run.out)["regimes"][0]["law"] for run in (early, late)] == [
        "in_force",
        "rescinded",
    ]


def test_rules_list_ships_the_four_first_regimes(flopledger: Run) -> None:
    found = json.loads(flopledger("rules", "list", "-f", "json").out)
    ids = {regime["id"] for regime in found["regimes"]}
    assert {"eu.aia", "us.ca.sb53", "us.eo14110", "kr.aiba"} <= ids
    assert found["schema"] == "flopledger/rules-list.v2"
    assert len(found["pack"]) == 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("xx.smal",), "did you mean xx.small?"),
        (("xx",), "write xx.small"),
        (("xx.small", "--reading", "rollouts"), "write --reading ID=ALT"),
        (("xx.small", "--reading", "rollouts=maybe"), "choose one of in, out"),
        (("xx.small", "--reading", "rolouts=in"), "did you mean rollouts?"),
        (("xx.small", "--in-force-on", "yesterday"), "write it as 2026-11-22"),
    ],
)
def test_rules_show_refuses_what_it_cannot_show(
    flopledger: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = flopledger("--rules", str(folder), "rules", "show", *arguments)
    assert done.code == 2
    assert message in done.err


def test_rules_lint_status_tells_findings_from_files_that_do_not_load(
    flopledger: Run, folder: Path
) -> None:
    asked = ("--rules", str(folder), "rules", "lint")
    assert flopledger(*asked).code == 0
    write(folder, changed("    when: { gt: [compute, line] }", "    when: { ge: [compute, line] }"))
    found = flopledger(*asked)
    assert found.code == 1
    assert "comparator" in found.out
    write(folder, SMALL.replace("10^25 FLOP\n", "1e25 FLOP\n").replace("{ gt: [own", "{ gtt: [own"))
    broken = flopledger(*asked, "-f", "json")
    assert broken.code == 2
    document = json.loads(broken.out)
    assert [item["place"] for item in document["findings"]] == [
        "parameters.line.values[0].value",
        "rules[1].choose[0].then",
        "rules[1].choose[1].then",
    ]
    write(folder, "a: [")
    yaml = flopledger(*asked)
    assert yaml.code == 2
    assert "not YAML" in yaml.out


def test_rules_schema_prints_and_writes_what_is_published(flopledger: Run, tmp_path: Path) -> None:
    printed = flopledger("rules", "schema", "facts.v1.schema.json").out
    assert printed == (ROOT / "schemas" / "facts.v1.schema.json").read_text("utf-8")
    (tmp_path / "out").mkdir()
    assert flopledger("rules", "schema", "-o", str(tmp_path / "out")).code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(SCHEMAS)


def test_rules_pack_writes_canonical_bytes_beside_the_files(
    flopledger: Run, folder: Path, tmp_path: Path
) -> None:
    done = flopledger("--rules", str(folder), "rules", "pack")
    assert done.code == 0
    packed = (folder / "pack.v1.json").read_bytes()
    assert packed == packed_bytes(folder)
    digest = json.loads(flopledger("--rules", str(folder), "rules", "list", "-f", "json").out)[
        "pack"
    ]
    assert digest in done.err
    assert flopledger("--rules", str(folder), "rules", "pack", "-o", "p.json").code == 0
    assert (tmp_path / "p.json").read_bytes() == packed


def test_rules_pack_refuses_law_that_does_not_load(flopledger: Run, folder: Path) -> None:
    write(folder, changed("10^25 FLOP\n        cite", "10^25\n        cite"))
    done = flopledger("--rules", str(folder), "rules", "pack")
    assert done.code == 2
    assert "has no unit" in done.err
    assert not (folder / "pack.v1.json").exists()


def test_rules_test_runs_written_and_generated_cases(flopledger: Run, folder: Path) -> None:
    done = flopledger("--rules", str(folder), "rules", "test", "-f", "json")
    assert done.code == 0, done.out
    document = json.loads(done.out)
    assert document["failed"] == 0
    written = [case["name"] for case in document["cases"] if not case["generated"]]
    assert written == ["over", "under", "nobody knows", "before it applied"]
    assert len(document["cases"]) > len(written)


def test_rules_test_shows_on_a_terminal_how_far_it_is(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("ledger.cli.progress.PATIENCE_S", -1)
    done = flopledger("rules", "test", "my.sta-2025", "kr.aiba", "--written")
    first, second = done.err.strip("\r\n").split("\r")
    assert (done.code, first[:10], second[:11]) == (0, "1 regime, ", "2 regimes, ")
    assert int(second.split()[2]) > int(first.split()[2]) > 0
    silent = flopledger("--quiet", "rules", "test", "kr.aiba", "--written")
    assert (silent.code, silent.err) == (0, "")


@pytest.mark.parametrize("engine", ["plain", "polars"])
def test_rules_test_fails_where_a_case_comes_out_otherwise(
    flopledger: Run, folder: Path, engine: str
) -> None:
    write(
        folder,
        changed("operations: 10^25 FLOP, on", "operations: 10000000000000000000000001 FLOP, on"),
    )
    done = flopledger(
        "--rules", str(folder), "rules", "test", "xx.small", "--written", "--engine", engine
    )
    assert done.code == 1
    failed = next(row for row in done.out.splitlines() if " under " in row)
    for part in ("above", "model:m", "finding", "not_met"):
        assert part in failed


def test_rules_test_names_the_nearest_regime(flopledger: Run, folder: Path) -> None:
    done = flopledger("--rules", str(folder), "rules", "test", "small")
    assert done.code == 2
    assert "xx.small" in done.err


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rules-list.v2", ("list",)),
        ("rules-show.v2", ("show", "xx.small")),
        ("rules-lint.v2", ("lint",)),
        ("rules-test.v1", ("test", "--written")),
    ],
)
def test_rules_documents_follow_their_published_schemas(
    flopledger: Run, folder: Path, name: str, arguments: tuple[str, ...]
) -> None:
    jsonschema = supplied("jsonschema", "jsonschema")
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    checker = jsonschema.Draft202012Validator(schema)
    small = flopledger("--rules", str(folder), "rules", *arguments, "-f", "json")
    checker.validate(json.loads(small.out))
    write(folder, changed("    when: { gt: [compute, line] }", "    when: { ge: [compute, line] }"))
    wrong = flopledger("--rules", str(folder), "rules", *arguments, "-f", "json")
    checker.validate(json.loads(wrong.out))
    assert not checker.is_valid({"schema": f"flopledger/{name}"})
