"""Loading turns a rule pack into regimes, or says in which places its files are wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeVar

from ledger.errors import RuleError
from ledger.pack import Pack
from ledger.regime.diagnosis import Flaw, flawed, parse_node
from ledger.regime.index import read_index
from ledger.regime.model import Regime, Regimes
from ledger.regime.scalar import nearest
from ledger.regime.soundness import check_regime
from ledger.regime.vocabulary import Vocabulary, load_vocabulary
from ledger.shipped import LAW_SHA256
from ledger.yamltree import Tree

__all__ = [
    "PACKS_HELD",
    "REGIMES_FOLDER",
    "by_id",
    "find_regime",
    "load_regimes",
    "read_files",
    "sound",
]

REGIMES_FOLDER: Final = "regimes/"
PACKS_HELD: Final = 4

_Regime = TypeVar("_Regime", bound=Regime)


@lru_cache(maxsize=PACKS_HELD)
def load_regimes(pack: Pack) -> Regimes:
    """Read the law of every regime of a rule pack; the last few packs are read once each.

    Cases are not read: no determination asks them. Who takes a pack over, or runs its cases, loads
    them with `load_cased`.

    Args:
        pack: The rule pack.

    Returns:
        Regime by id, in the order of ids; read-only, since it is shared.

    Raises:
        MissingError: If the pack has no vocabulary.
        RuleError: If a file is wrong; names file, place, and what to write instead.
    """
    # Of the law that ships it was found out when its digest was written down.
    vocabulary = None if pack.digest == LAW_SHA256 else load_vocabulary(pack)
    return sound(by_id(*read_files(pack, lambda file, tree: _law(file, tree, vocabulary))))


def sound(read: tuple[Mapping[str, _Regime], tuple[Flaw, ...]]) -> Mapping[str, _Regime]:
    """Return regimes that have no flaw."""
    regimes, flaws = read
    if flaws:
        raise flawed(flaws)
    return MappingProxyType(dict(regimes))


def by_id(
    filed: Mapping[str, _Regime], flaws: tuple[Flaw, ...]
) -> tuple[Mapping[str, _Regime], tuple[Flaw, ...]]:
    """Return regimes by id in order, and the flaws."""
    return {regime.id: regime for regime in sorted(filed.values(), key=lambda each: each.id)}, flaws


def read_files(
    pack: Pack, load: Callable[[str, Tree], tuple[_Regime | None, tuple[Flaw, ...]]]
) -> tuple[Mapping[str, _Regime], tuple[Flaw, ...]]:
    """Load every rule file of a pack; return regimes by path, and every flaw."""
    found, held = dict[str, _Regime](), dict[str, str]()
    flaws: list[Flaw] = []
    for file, tree in sorted(pack.under(REGIMES_FOLDER).items()):
        regime, wrong = load(file, tree)
        flaws += wrong
        if regime is None:
            continue
        if regime.id in held:
            message = f"{held[regime.id]} already holds the regime {regime.id}"
            flaws.append(Flaw(file, "id", "duplicate", message, "give one of them another id"))
            continue
        held[regime.id], found[file] = file, regime
    flaws += read_index(pack, held)[1]
    return found, tuple(flaws)


def _law(
    file: str, tree: Tree, vocabulary: Vocabulary | None
) -> tuple[Regime | None, tuple[Flaw, ...]]:
    """Read one rule file without its cases; without a vocabulary it is known to be sound."""
    law = (
        {key: part for key, part in tree.items() if key != "cases"}
        if isinstance(tree, dict)
        else tree
    )
    regime, flaws = parse_node(Regime, law, file)
    if regime is None or vocabulary is None:
        return regime, flaws
    unsound = check_regime(file, regime, vocabulary)
    return (None, unsound) if unsound else (regime, ())


def find_regime(regimes: Mapping[str, _Regime], regime_id: str) -> _Regime:
    """Return the regime of that id.

    Raises:
        RuleError: If there is none; the message names those that hold the word, else the nearest.
    """
    if regime_id not in regimes:
        holding = [each for each in regimes if regime_id in each]  # sb53, ny, eu
        remedy = nearest(regime_id, holding or regimes)
        raise RuleError(f"there is no regime {regime_id!r} in the rules", remedy=remedy)
    return regimes[regime_id]
