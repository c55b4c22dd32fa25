"""Linting reads a folder of rules and says, line by line, what is wrong and what to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources.abc import Traversable
from typing import Final

from ledger.errors import MissingError, RuleError
from ledger.hardware import Catalogue
from ledger.pack import LINT_NAME, Pack, read_pack, read_rule_text, rule_files
from ledger.regime.cased import read_regime_files
from ledger.regime.diagnosis import Flaw
from ledger.regime.lint import lint_regime
from ledger.regime.load import REGIMES_FOLDER
from ledger.regime.model import Regime
from ledger.regime.vocabulary import load_vocabulary
from ledger.regime.waiver import Waived, Waiver, apply_waivers, parse_waivers
from ledger.yamltree import Tree, line_numbers, parse_tree

__all__ = ["Linted", "lint_rules"]

_VOCABULARY: Final = "vocabulary/"
_DEVICES: Final = "hardware/accelerators.yaml"
_REFERENCES: Final = "hardware/references.yaml"


@dataclass(frozen=True, slots=True)
class Linted:
    """What lint says of a folder of rules.

    Attributes:
        digest: Digest of its pack, or None while a file cannot be read.
        regimes: Number of regimes that load.
        refused: Number of mistakes that keep a file from loading; they are findings too.
        findings: What is wrong, by file and line.
        waived: What is passed over, by file and line.
    """

    digest: str | None
    regimes: int
    refused: int
    findings: tuple[Flaw, ...]
    waived: tuple[Waived, ...]


def lint_rules(root: Traversable, today: date | None) -> Linted:
    """Look for everything that is wrong in a folder of rules.

    Args:
        root: The folder.
        today: Day on which the caller asks, or None when nothing is to be old.

    Raises:
        MissingError: If the folder has no rule files, no vocabulary or no regime.
        RuleError: If the vocabulary is wrong.
    """
    pack, unread = _read(root)
    if any(flaw.file.startswith(_VOCABULARY) for flaw in unread):
        return _linted(root, None, {}, unread, (), ())
    words = load_vocabulary(pack)
    regimes, unloaded = read_regime_files(pack, words)
    waivers, unwaived = _waivers(root)
    refused = (*unread, *unloaded, *unwaived, *_hardware(pack))
    if not regimes and not refused:
        raise MissingError(
            f"there is no regime below {REGIMES_FOLDER}",
            why="nothing was looked at, so nothing was found to be right",
            remedy="pass --rules DIR with a folder that holds regimes",
        )
    found = [
        flaw for file, regime in regimes.items() for flaw in lint_regime(file, regime, words, today)
    ]
    # What would be found in a file that cannot be read nobody knows.
    rules: dict[str, Sequence[str] | None] = {flaw.file: None for flaw in refused}
    rules |= {file: [rule.id for rule in regime.rules] for file, regime in regimes.items()}
    kept, waived = apply_waivers(found, waivers, rules, today)
    return _linted(root, None if unread else pack, regimes, refused, kept, waived)


def _read(root: Traversable) -> tuple[Pack, tuple[Flaw, ...]]:
    """Read every rule file that can be read, and say why the others cannot."""
    try:
        return read_pack(root), ()
    except RuleError:
        trees, flaws = dict[str, Tree](), list[Flaw]()
        for path, file in rule_files(root).items():
            try:
                trees[path] = parse_tree(read_rule_text(file, path), where=path)
            except RuleError as error:
                flaws.append(_flaw(path, error))
        if not flaws:
            raise
        return Pack.of(trees), tuple(flaws)


def _hardware(pack: Pack) -> tuple[Flaw, ...]:
    """Say why the devices or the instance types cannot be read, if there are any."""
    if not {_DEVICES, _REFERENCES} <= set(pack.files):
        return ()
    try:
        Catalogue.from_pack(pack)
    except RuleError as error:
        file, _, place = (error.where or _DEVICES).partition(" ")
        return (Flaw(file, place.partition(" ")[0], error.kind, error.message, error.remedy),)
    return ()


def _flaw(file: str, error: RuleError) -> Flaw:
    """Return why a file cannot be read."""
    return Flaw(file, "", error.kind, error.message, error.remedy, error.line)


def _waivers(root: Traversable) -> tuple[tuple[Waiver, ...], tuple[Flaw, ...]]:
    """Read what lint is to pass over, if the folder says anything of it."""
    file = root / LINT_NAME
    if not file.is_file():
        return (), ()
    try:
        return parse_waivers(parse_tree(read_rule_text(file, LINT_NAME), where=LINT_NAME))
    except RuleError as error:
        return (), (_flaw(LINT_NAME, error),)


def _linted(  # noqa: PLR0913, PLR0917 - each is a part of the result
    root: Traversable,
    pack: Pack | None,
    regimes: Mapping[str, Regime],
    refused: Sequence[Flaw],
    kept: Sequence[Flaw],
    waived: Sequence[Waived],
) -> Linted:
    """Put the lines to what was found, in the order of the files."""
    files = {flaw.file for flaw in (*refused, *kept, *(each.flaw for each in waived))}
    lines = {file: _lines(root, file) for file in files}
    placed = [_placed(flaw, lines[flaw.file]) for flaw in (*refused, *kept)]
    passed = [replace(each, flaw=_placed(each.flaw, lines[each.flaw.file])) for each in waived]
    return Linted(
        None if pack is None else pack.digest,
        len(regimes),
        len(refused),
        tuple(sorted(placed, key=_order)),
        tuple(sorted(passed, key=lambda each: _order(each.flaw))),
    )


def _lines(root: Traversable, file: str) -> Mapping[str, int]:
    """Return the line of each part of a file; none where it cannot be read."""
    try:
        return line_numbers(read_rule_text(root.joinpath(*file.split("/")), file), where=file)
    except RuleError:
        return {}


def _placed(flaw: Flaw, lines: Mapping[str, int]) -> Flaw:
    """Return a flaw with the line of its place, or of the nearest part around it."""
    place = flaw.place
    while place and place not in lines:
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return flaw if flaw.line is not None else replace(flaw, line=lines.get(place))


def _order(flaw: Flaw) -> tuple[str, int, str]:
    """Return what findings are ordered by."""
    return flaw.file, flaw.line or 0, flaw.code
