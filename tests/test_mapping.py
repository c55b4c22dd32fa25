"""Map files: what the words of a source mean, matched by patterns and never evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ledger.errors import InputError, LedgerError, MissingError, RuleError
from ledger.importers.dutycycle import IMPORTER as DUTYCYCLE
from ledger.importers.kubernetes import IMPORTER as KUBERNETES
from ledger.importers.kueue import IMPORTER as KUEUE
from ledger.importers.mapping import Map, map_schema
from ledger.importers.openb import IMPORTER as OPENB
from ledger.importers.prometheus import IMPORTER as PROMETHEUS

TEXT = """\
schema: map/1
source: slurm
settings: { zone: UTC }
rows:
  - where: { Account: [llm-*, base], partition: [h100*] }
    give: { model: llm-7b, developer: acme, activity: pretrain, run: "{jobname}" }
  - where: { account: [llm-*] }
    give: { model: "llm-{user}" }
devices:
  - where: { partition: [h100*], type: [h100, ""] }
    give: { device: nvidia-h100-sxm5, scale_up_gb_per_s: 900, scale_up_domain: 8 }
  - where: { type: [1g.10gb] }
    give: { device: nvidia-a100-40gb, milli_devices: 143 }
"""


def loaded(text: str = TEXT) -> Map:
    return Map.parse(text, "slurm.yaml")


def test_the_first_rule_that_matches_wins() -> None:
    row = {"account": "llm-x", "partition": "h100-big", "jobname": "night", "user": "ann"}
    given = loaded().row(row)
    assert given is not None
    assert (given.model, given.run, given.activity) == ("llm-7b", "night", "pretrain")
    other = loaded().row({**row, "partition": "a100"})
    assert other is not None
    assert (other.model, other.run, other.activity) == ("llm-ann", None, "unknown")


def test_a_row_that_no_rule_is_about_is_of_no_model() -> None:
    assert loaded().row({"account": "hr", "partition": "h100"}) is None
    assert loaded().row({}) is None


def test_patterns_keep_the_case_of_the_text() -> None:
    assert loaded().row({"account": "LLM-x", "partition": "h100", "jobname": "j"}) is None


@pytest.mark.parametrize("importer", [KUBERNETES, KUEUE, OPENB, DUTYCYCLE, PROMETHEUS])
def test_names_of_columns_are_refused_where_none_are_taken(importer: Any) -> None:
    with pytest.raises(InputError, match="has columns of its own"):
        importer.with_map(loaded(f"{TEXT}columns: {{ Job: name }}\n"))


def test_devices_match_on_the_type_of_the_source() -> None:
    found = loaded().device_of({"partition": "h100-1"}, "")
    assert found is not None
    assert (found.device, found.scale_up_domain) == ("nvidia-h100-sxm5", 8)
    piece = loaded().device_of({"partition": "x"}, "1g.10gb")
    assert piece is not None
    assert piece.milli_devices == 143
    assert loaded().device_of({"partition": "x"}, "h100") is None


def test_a_name_is_made_of_columns_that_are_there() -> None:
    with pytest.raises(InputError, match="the file has no column 'jobname'"):
        loaded().row({"account": "base", "partition": "h100"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("model: llm-7b, ", "", "model"),
        ("activity: pretrain", "activity: training", "activity"),
        ("milli_devices: 143", "milli_devices: 0.143", "0.143"),
        ("schema: map/1", "schema: map/2", "map/1"),
        ("devices:", "device:", "'device' is not a key here"),
        ("{jobname}", "{jobname", "brace"),
        ("[llm-*, base]", "[]", "Account"),
        ("source: slurm\n", "", "source"),
        ("settings:", "source:", "source"),
    ],
)
def test_a_wrong_map_is_refused_by_its_place(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises((RuleError, LedgerError)) as caught:
        loaded(TEXT.replace(old, new, 1))
    assert message in caught.value.diagnostics()


def test_a_map_that_says_nothing_is_refused() -> None:
    with pytest.raises(RuleError, match="the map says nothing"):
        loaded("schema: map/1\nsource: slurm\n")


def test_a_map_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        Map.load(tmp_path / "none.yaml")
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError):
        Map.load(path)


def test_the_published_schema_knows_a_good_map_from_a_bad_one() -> None:
    validator = jsonschema.Draft202012Validator(map_schema())
    good = yaml.load(TEXT, yaml.BaseLoader)
    validator.validate(good)
    assert not validator.is_valid({**good, "extra": "x"})
    assert not validator.is_valid({"schema": "map/1"})
