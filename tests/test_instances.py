"""The table of instance types: every row has a source, and a wrong row does not load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tables import RULES, catalogue, pack

from ledger.errors import RuleError
from ledger.hardware import Catalogue, Instance
from ledger.hardware.instance import INSTANCES, instances_schema
from ledger.journeys.linting import lint_rules
from ledger.pack import Pack
from ledger.yamltree import parse_tree

TEXT = (RULES / INSTANCES).read_text("utf-8")


def loaded(old: str, new: str) -> Catalogue:
    """The catalogue with one change in the table."""
    assert TEXT.count(old) == 1, old
    return Catalogue.from_pack(changed(old, new))


def changed(old: str, new: str) -> Pack:
    tree = parse_tree(TEXT.replace(old, new), where=INSTANCES)
    return Pack.of({**pack().files, INSTANCES: tree})


def row(word: str) -> Instance:
    found = catalogue().instances.find(word)
    assert found is not None
    return found


def test_a_type_gives_its_devices_in_any_case() -> None:
    found = row(" bm.gpu.h200.8 ")
    assert (found.device, found.count, found.provenance) == ("nvidia-h200-sxm", 8, "verified")
    assert (found.scale_up_gb_per_s, found.scale_up_domain, found.scale_out_gbit_per_s) == (
        900,
        8,
        400,
    )
    assert "MLPerf Training v5.0" in found.cite


def test_a_part_that_the_catalogue_lacks_is_unknown_and_still_counted() -> None:
    found = row("g5.4xlarge")
    assert (found.device, found.named, found.count) == (None, "NVIDIA A10G", 1)
    assert found.scale_up_gb_per_s is None


def test_what_nobody_looked_up_says_so() -> None:
    rows = catalogue().instances.rows.values()
    assert {r.provenance for r in rows} == {"verified", "secondary", "memory"}
    assert all((r.provenance == "memory") == r.cite.startswith("general knowledge") for r in rows)


def test_the_digest_is_of_the_row_alone() -> None:
    other = loaded("type: g5.xlarge\n", "type: g5.tiny\n").instances
    same, gone = other.find("g5.4xlarge"), other.find("g5.xlarge")
    assert same is not None
    assert same.digest == row("g5.4xlarge").digest
    assert gone is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("device: aws-trainium1", "device: aws-trainium9", "not a device of the catalogue"),
        ("type: g5.2xlarge\n", "type: G5.XLARGE\n", "stands twice"),
        ("count: 16", "count: 0", "not a whole number"),
        ("count: 16", "count: 1.5", "not a whole number"),
        ("count: 16\n    source: memory", "count: 16\n    source: heard", "source is 'heard'"),
        (
            "source: google-v1-44-1\n    provenance: secondary",
            "source: google-v1-44-1\n    provenance: memory",
            "the provenance memory",
        ),
        ("scale_up: 900 GB/s", "scale_up: 900", "no known unit"),
        ("    named: AWS Trainium\n", "", "'named' is missing"),
        (
            "    named: AWS Trainium\n",
            "    named: AWS Trainium\n    price: 3\n",
            "'price' is unknown",
        ),
        ("as_of: 2026-11-26", "as_of: soon", "as_of is a day"),
        ("schema: instances/1", "schema: instances/2", "schema is 'instances/2'"),
    ],
)
def test_a_wrong_row_does_not_load(old: str, new: str, message: str) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        loaded(old, new)
    assert caught.value.where.startswith(INSTANCES)


def test_a_pack_without_the_table_knows_no_types() -> None:
    files = {name: tree for name, tree in pack().files.items() if name != INSTANCES}
    assert Catalogue.from_pack(Pack.of(files)).instances.rows == {}


def test_lint_names_the_line_of_a_wrong_row(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    for name in ("hardware", "vocabulary"):
        shutil.copytree(RULES / name, rules / name)
    wrong = TEXT.replace("device: aws-trainium1", "device: aws-trainium9")
    (rules / INSTANCES).write_text(wrong, "utf-8")
    line = 1 + wrong[: wrong.index("type: trn1.32xlarge")].count("\n")
    found = lint_rules(rules, None)
    assert [(f.file, f.line) for f in found.findings] == [(INSTANCES, line)]
    assert found.refused == 1


def test_the_schema_has_every_key_of_a_row() -> None:
    described = instances_schema()["properties"]["instances"]["items"]
    assert set(row("BM.GPU.H200.8").__slots__) >= {"type", "provider", "named", "count", "note"}
    keys = {key for tree in _rows() for key in tree}
    assert keys <= set(described["properties"])
    assert set(described["required"]) <= keys


def _rows() -> list[dict[str, object]]:
    tree = pack().tree(INSTANCES)["instances"]
    assert isinstance(tree, list)
    return [dict(item) for item in tree if isinstance(item, dict)]
