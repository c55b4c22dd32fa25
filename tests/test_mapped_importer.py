"""Importers that take a map: which files they claim, and whose settings come first."""

from __future__ import annotations

from pathlib import Path

import bills
import pods
import pytest
import samples
import slurm
from tables import catalogue

from ledger.errors import InputError, MissingError
from ledger.importers import MODULES, load, recognise
from ledger.importers.mapped_importer import MappedImporter
from ledger.importers.mapping import Map

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
MAPPED = sorted(name for name in MODULES if isinstance(load(name), MappedImporter))


def test_these_importers_take_a_map() -> None:
    assert [
        *("dutycycle", "focus", "kubernetes", "kueue", "openb", "prometheus", "slurm"),
    ] == MAPPED
    assert all(load(name).name == name for name in MAPPED)


def test_what_the_caller_sets_comes_before_what_the_map_sets(tmp_path: Path) -> None:
    path = slurm.written(tmp_path, slurm.job())
    importer = load("slurm")
    assert isinstance(importer, MappedImporter)
    text = slurm.MAP + "settings: { zone: Europe/Berlin }\n"
    mapped = importer.with_map(Map.parse(text, "map.yaml"))
    starts = [
        [draft.body["start"] for draft in mapped.read(path, said, catalogue()).drafts]
        for said in ({}, {"zone": "UTC"})
    ]
    assert starts == [["2026-03-01T09:00:00Z"], ["2026-03-01T10:00:00Z"]]


def test_a_directory_gives_its_files_and_passes_over_others(tmp_path: Path) -> None:
    """Files may lie at any depth; a directory is recognised by those right below it."""
    deep = tmp_path / "2026"
    deep.mkdir()
    (tmp_path / "notes.txt").write_text("nothing")
    found = [pods.written(tmp_path, pods.pod()), pods.written(deep, pods.pod())]
    assert recognise([tmp_path]).name == "kubernetes"
    assert load("kubernetes").files(tmp_path) == tuple(sorted(found))


def test_a_directory_of_two_kinds_is_an_error(tmp_path: Path) -> None:
    pods.written(tmp_path, pods.pod())
    samples.written(tmp_path, samples.answer(({}, samples.pairs())))
    bills.written(tmp_path, {})
    with pytest.raises(InputError, match="several importers claim this file"):
        recognise([tmp_path])


@pytest.mark.parametrize("name", MAPPED)
def test_a_directory_without_such_files_says_what_is_missing(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(MissingError, match="the directory holds no ") as caught:
        load(name).files(tmp_path)
    assert caught.value.remedy
    with pytest.raises(MissingError, match="no such file"):
        load(name).files(tmp_path / "none")


@pytest.mark.parametrize("name", MAPPED)
def test_a_new_version_of_an_importer_is_told_on_its_page(name: str) -> None:
    page = (SCHEMAS / f"source-{name}.v1.md").read_text("utf-8")
    version = load(name).version
    assert (f"Importer version {version}:" in page) == (version != "1")
