"""Rule files that must not load, each with the message it must give.

Every file of ``rules/`` beside this one is the small regime with one mistake, named for it; the
``.txt`` beside it is what the user reads. Regenerate the messages after reading the difference:
``python tests/hostile/test_bad_rules.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from regimes import FILE, shipped_words  # noqa: E402 - found through the line above

from ledger.errors import LedgerError  # noqa: E402
from ledger.regime.cased import load_regime  # noqa: E402
from ledger.regime.diagnosis import flawed  # noqa: E402
from ledger.yamltree import parse_tree  # noqa: E402

BAD = sorted((HERE / "rules").glob("*.yaml"))


def message_of(path: Path) -> str:
    """Return what a user reads when the file is loaded, or that it loads."""
    try:
        tree = parse_tree(path.read_text("utf-8"), where=FILE)
        regime, flaws = load_regime(FILE, tree, shipped_words())
    except LedgerError as error:
        return error.diagnostics() + "\n"
    return "it loads\n" if regime is not None else flawed(flaws).diagnostics() + "\n"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_rule_file_says_what_to_write(path: Path) -> None:
    found = message_of(path)
    assert found == path.with_suffix(".txt").read_text("utf-8")
    assert "  where: regimes/xx/xx.small.yaml" in found
    assert "  next: " in found


def test_bad_rule_files_each_have_a_message() -> None:
    assert len(BAD) >= 60
    stems = {path.stem for path in BAD}
    assert stems == {path.stem for path in (HERE / "rules").glob("*.txt")}


if __name__ == "__main__":
    for bad in BAD:
        bad.with_suffix(".txt").write_text(message_of(bad), encoding="utf-8")
