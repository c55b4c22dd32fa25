"""Editions: a folder, a pack file or one regime file, read alone or over other rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from regimes import ROOT, SMALL, shipped_pack

from ledger.errors import MissingError, RuleError
from ledger.pack import packed_bytes
from ledger.regime.edition import Edition, read_edition, without

EU = ROOT / "rules" / "regimes" / "eu" / "eu.aia.yaml"


def draft(path: Path, text: str = SMALL) -> Edition:
    """Write one regime file and read it."""
    path.write_text(text, encoding="utf-8")
    return read_edition(path, str(path))


def test_edition_of_a_folder_and_of_its_pack_are_the_same(tmp_path: Path) -> None:
    packed = tmp_path / "p.json"
    packed.write_bytes(packed_bytes(ROOT / "rules"))
    folder, file = read_edition(ROOT / "rules", "rules"), read_edition(packed, "p.json")
    assert folder.files == file.files
    assert folder.whole
    book = file.read(shipped_pack())
    assert book.pack == shipped_pack()
    assert "eu.aia" in book.regimes


def test_edition_of_one_regime_takes_the_place_of_its_id(tmp_path: Path) -> None:
    text = EU.read_text("utf-8").replace("value: 10^25 FLOP", "value: 3*10^25 FLOP")
    given = draft(tmp_path / "eu.yaml", text)
    assert given.ids() == {"eu.aia"}
    assert not given.whole
    book = given.read(shipped_pack())
    assert set(book.pack.files) == set(shipped_pack().files), "nothing stands twice"
    assert str(book.regimes["eu.aia"].parameters["systemic-risk-flop"].values[0].value) == (
        f"{3 * 10**25} FLOP"
    )
    assert book.pack.digest != shipped_pack().digest


def test_edition_of_a_new_regime_is_added(tmp_path: Path) -> None:
    book = draft(tmp_path / "new.yaml").read(shipped_pack())
    assert "xx.small" in book.regimes
    assert set(book.pack.files) - set(shipped_pack().files) == {"regimes/new.yaml"}


def test_edition_of_loose_regime_files_is_read_over_the_rules(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMALL)
    (tmp_path / "b.yaml").write_text(SMALL.replace("xx.small", "xx.other"))
    given = read_edition(tmp_path, "drafts")
    assert given.ids() == {"xx.small", "xx.other"}
    assert {"xx.small", "xx.other", "eu.aia"} <= set(given.read(shipped_pack()).regimes)


def test_edition_names_a_mistake_by_the_file_that_was_given(tmp_path: Path) -> None:
    given = draft(tmp_path / "mine.yaml", SMALL.replace("10^25 FLOP\n", "1e25 FLOP\n"))
    with pytest.raises(RuleError) as refused:
        given.read(shipped_pack())
    assert refused.value.where == f"{tmp_path / 'mine.yaml'}: parameters.line.values[0].value"
    assert refused.value.remedy == "write 10^25 FLOP"


def test_edition_holds_no_regime_twice(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SMALL)
    with pytest.raises(RuleError, match="holds the same regime") as refused:
        read_edition(tmp_path, "drafts").over(shipped_pack())
    assert refused.value.where == "drafts: b.yaml"


def test_edition_of_part_of_the_rules_holds_nothing_foreign(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMALL)
    (tmp_path / "notes.yaml").write_text("buy: milk\n")
    with pytest.raises(RuleError, match="no regime file") as refused:
        read_edition(tmp_path, "drafts").over(shipped_pack())
    assert refused.value.where == "drafts: notes.yaml"


def test_edition_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="there is no nowhere"):
        read_edition(tmp_path / "nowhere", "nowhere")
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(RuleError, match="UTF-8"):
        read_edition(tmp_path / "x.yaml", "x.yaml")


def test_without_takes_regimes_out_by_id() -> None:
    left = without(shipped_pack(), {"eu.aia"})
    assert set(shipped_pack().files) - set(left.files) == {"regimes/eu/eu.aia.yaml"}
