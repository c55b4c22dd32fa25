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
from ledger.regime.model import CasedRegime, CasedRegimes, Regime, Regimes
from ledger.regime.scalar import nearest
from ledger.regime.soundness import check_cases, check_regime
from ledger.regime.vocabulary import Vocabulary, load_vocabulary
from ledger.yamltree import Tree

__all__ = [
    "REGIMES_FOLDER",
    "find_regime",
    "load_cased",
    "load_regime",
    "load_regimes",
    "read_regime_files",
    "read_regimes",
]

REGIMES_FOLDER: Final = "regimes/"
_PACKS_HELD: Final = 4

_Regime = TypeVar("_Regime", bound=Regime)


@lru_cache(maxsize=_PACKS_HELD)
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
    vocabulary = load_vocabulary(pack)
    return _sound(_by_id(*_read(pack, lambda file, tree: _law(file, tree, vocabulary))))


@lru_cache(maxsize=_PACKS_HELD)
def load_cased(pack: Pack) -> CasedRegimes:
    """Read every rule file of a pack whole, with its cases; see `load_regimes`."""
    return _sound(read_regimes(pack))


def _sound(read: tuple[Mapping[str, _Regime], tuple[Flaw, ...]]) -> Mapping[str, _Regime]:
    """Return regimes that have no flaw."""
    regimes, flaws = read
    if flaws:
        raise flawed(flaws)
    return MappingProxyType(dict(regimes))


def read_regimes(
    pack: Pack, vocabulary: Vocabulary | None = None
) -> tuple[CasedRegimes, tuple[Flaw, ...]]:
    """Read every regime of a rule pack with its cases and collect what is wrong.

    Args:
        pack: The rule pack.
        vocabulary: Its vocabulary if it was read already.

    Returns:
        The regimes without a flaw, by id in order, and every flaw of the others.

    Raises:
        MissingError: If the pack has no vocabulary.
        RuleError: If the vocabulary itself is wrong.
    """
    return _by_id(*read_regime_files(pack, vocabulary or load_vocabulary(pack)))


def _by_id(
    filed: Mapping[str, _Regime], flaws: tuple[Flaw, ...]
) -> tuple[Mapping[str, _Regime], tuple[Flaw, ...]]:
    """Return regimes by id in order, and the flaws."""
    return {regime.id: regime for regime in sorted(filed.values(), key=lambda each: each.id)}, flaws


def read_regime_files(pack: Pack, vocabulary: Vocabulary) -> tuple[CasedRegimes, tuple[Flaw, ...]]:
    """Read every regime of a rule pack with its cases and collect what is wrong.

    Args:
        pack: The rule pack.
        vocabulary: Its vocabulary.

    Returns:
        The regimes without a flaw by the path of their file, and every flaw of the others.
    """
    return _read(pack, lambda file, tree: load_regime(file, tree, vocabulary))


def _read(
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


def load_regime(
    file: str, tree: Tree, vocabulary: Vocabulary
) -> tuple[CasedRegime | None, tuple[Flaw, ...]]:
    """Read one rule file whole.

    Args:
        file: Its path, for messages.
        tree: What it holds, every scalar a text.
        vocabulary: Facts and activities.

    Returns:
        The regime and no flaws, or None and every flaw.
    """
    regime, flaws = parse_node(CasedRegime, tree, file)
    if regime is None:
        return None, flaws
    unsound = check_regime(file, regime, vocabulary) + check_cases(file, regime, vocabulary)
    return (None, unsound) if unsound else (regime, ())


def _law(file: str, tree: Tree, vocabulary: Vocabulary) -> tuple[Regime | None, tuple[Flaw, ...]]:
    """Read one rule file without its cases."""
    law = (
        {key: part for key, part in tree.items() if key != "cases"}
        if isinstance(tree, dict)
        else tree
    )
    regime, flaws = parse_node(Regime, law, file)
    if regime is None:
        return None, flaws
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
