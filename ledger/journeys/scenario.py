"""A scenario is the law as it might be: drafts laid over the rules in use, and figures set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.errors import InputError
from ledger.journeys.comparing import Compared, compare_books
from ledger.pack import Pack
from ledger.regime.edition import Edition, Lawbook, lawbook
from ledger.regime.load import REGIMES_FOLDER
from ledger.regime.model import Regime
from ledger.regime.setting import Setting, amended, parse_setting

__all__ = ["Scenario", "law_days", "scenario"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """The law as it might be, beside the law in use.

    Attributes:
        law: The rules in use, and what the scenario makes of them.
        drafts: Regimes laid over the rules, by id, and where each was given.
        settings: Figures set, in the order given.
    """

    law: Compared
    drafts: Mapping[str, str]
    settings: tuple[Setting, ...]


def scenario(base: Lawbook, drafts: Sequence[Edition], texts: Sequence[str]) -> Scenario:
    """Build a scenario. Nothing is written; the rules in use stay as they are.

    Args:
        base: The rules in use.
        drafts: Regimes that replace those of the same id, or are added; a later one wins.
        texts: Figures to set, ``REGIME/PARAMETER=VALUE`` with an optional ``,from=DATE``; those of
            drafts can be set.

    Raises:
        RuleError: If a draft is wrong; names it as it was given.
        InputError: If a figure cannot be set, or a draft holds no regime.
    """
    book, told = base, dict[str, str]()
    for draft in drafts:
        if not draft.ids():
            raise InputError(
                f"{draft.given} holds no regime",
                remedy="name a folder, a pack file or a file that begins with schema: regime/1",
            )
        book = lawbook(*draft.over(book.pack))
        told |= dict.fromkeys(sorted(draft.ids()), draft.given)
    settings = tuple(parse_setting(text, book.regimes) for text in texts)
    if settings:
        book = lawbook(_set(book.pack, settings), {})
    return Scenario(compare_books(base, book), told, settings)


def _set(pack: Pack, settings: Sequence[Setting]) -> Pack:
    """Return a pack with figures set otherwise."""
    files = dict(pack.files)
    for path, tree in pack.under(REGIMES_FOLDER).items():
        regime_id = tree.get("id") if isinstance(tree, dict) else None
        own = [setting for setting in settings if setting.regime == regime_id]
        if own:
            files[path] = amended(tree, own)
    return Pack.of(files)


def law_days(*regimes: Regime | None) -> tuple[date, ...]:
    """Return the days on which what some regimes say changes, in order, each once."""
    return tuple(sorted({day for regime in regimes if regime for day in _days(regime)}))


def _days(regime: Regime) -> Iterator[date]:
    """Yield the days on which standing, enforcement, figures and sets of a regime change."""
    for event in regime.lifecycle:
        yield event.on
        if event.until is not None:
            yield event.until
    figures = (value for item in regime.parameters.values() for value in item.values)
    lists = (value for item in regime.sets.values() for value in item.values)
    for stretch in (*regime.enforcement, *figures, *lists):
        yield stretch.from_
        if stretch.until is not None:
            yield stretch.until
