"""What-if asking is how ``rules whatif`` gets from options or a file to a scenario, and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from ledger.cli.asking import evaluator_of, question_of
from ledger.cli.bench import pack_of
from ledger.cli.booking import with_book
from ledger.cli.context import Context
from ledger.cli.supposing import (
    draft_of,
    open_scenario,
    refuse_mixed,
    save_scenario,
    saved_drafts,
    supposed_of,
)
from ledger.journeys.checking import Question
from ledger.journeys.saved_scenario import SavedScenario
from ledger.journeys.scenario import Scenario, scenario
from ledger.journeys.supposed_book import Supposed
from ledger.journeys.whatif_book import BookWhatIf, Desk, what_if_with_book
from ledger.publicholidays import public_holiday
from ledger.regime.edition import Edition, lawbook, read_edition
from ledger.workcalendar import WorkCalendars

__all__ = ["Supposition", "ask_with_book", "save", "supposition"]


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is supposed, and what is asked.

    Attributes:
        law: The law as it might be.
        drafts: Drafts laid over the rules.
        book: Changes of the forward book.
        asks_book: Whether crossings are asked of the forward book.
        taken: Readings that are taken under both laws.
        question: The coordinates.
        engine: Name of the engine.
        notes: What a reader must know of a scenario that was saved before.
    """

    law: Scenario
    drafts: tuple[Edition, ...]
    book: tuple[Supposed, ...]
    asks_book: bool
    taken: tuple[str, ...]
    question: Question
    engine: str
    notes: tuple[str, ...] = ()


def supposition(context: Context, parts: Mapping[str, Any], options: dict[str, Any]) -> Supposition:
    """Return what is supposed, by options or by a saved file.

    Args:
        context: The global options.
        parts: ``settings``, ``drafts``, ``taken``, ``book``, whether crossings are asked, and
            ``saved``, the file of a scenario or None.
        options: The coordinates and the changes of the book; the latter are taken out.

    Raises:
        InputError: If an option is not written as it must be, or a file cannot be read.
        RuleError: If a draft is wrong.
    """
    path = parts["saved"]
    if path is None:
        base = lawbook(pack_of(context), {})
        drafts = [read_edition(Path(each), each) for each in parts["drafts"]]
        law = scenario(base, drafts, parts["settings"])
        book, taken = supposed_of(options), tuple(parts["taken"])
        question = _question(law, options)
        asks = bool(book or parts["book"])
        return Supposition(law, tuple(drafts), book, asks, taken, question, options["engine"])
    refuse_mixed(options, (parts["settings"], parts["drafts"], parts["taken"]))
    supposed_of(options)
    saved = open_scenario(path)
    drafts = saved_drafts(saved, path)
    base = lawbook(pack_of(context), {})
    law = scenario(base, drafts, saved.settings)
    question = _as_saved(saved, question_of(options), options)
    notes = (
        ()
        if saved.pack == base.pack.digest
        else ("the rules in use are others than when the scenario was saved",)
    )
    return Supposition(
        law=law,
        drafts=tuple(drafts),
        book=saved.book,
        asks_book=saved.asks_book or parts["book"],
        taken=saved.readings_today,
        question=question,
        engine=options["engine"],
        notes=notes,
    )


def ask_with_book(context: Context, supposed: Supposition) -> BookWhatIf:
    """Ask the ledger and its book under the law in use and under the scenario."""
    pack = supposed.law.law.old.pack
    calendars = WorkCalendars.from_pack(pack, public_holiday)
    desk = Desk(evaluator_of(supposed.engine), calendars, supposed.taken)
    return with_book(
        context,
        supposed.question,
        supposed.engine,
        lambda records, deals: what_if_with_book(
            supposed.law, supposed.book, supposed.question, (records, deals), desk
        ),
    )


def save(context: Context, supposed: Supposition, origin: str, path: str) -> None:
    """Save what was supposed as a scenario that can be asked again.

    Raises:
        InputError: If it cannot be written there.
    """
    question = supposed.question
    saved = SavedScenario(
        origin=origin,
        pack=supposed.law.law.old.pack.digest,
        in_force_on=question.in_force_on,
        law_known_on=question.law_known_on,
        as_of=question.as_of,
        optional=question.optional,
        settings=tuple(str(setting) for setting in supposed.law.settings),
        drafts=tuple(draft_of(edition, path) for edition in supposed.drafts),
        readings=question.readings,
        readings_today=supposed.taken,
        assumptions=question.assumptions,
        asks_book=supposed.asks_book,
        book=supposed.book,
    )
    save_scenario(saved, path)
    context.say(f"saved as a scenario: {path}; the rules and the book are as they were")


def _question(law: Scenario, options: Mapping[str, Any]) -> Question:
    """Return what is asked; days not given follow the scenario."""
    question = question_of(options)
    starts = [setting.start for setting in law.settings if setting.start is not None]
    in_force_on = max((question.in_force_on, *starts))
    if options["in_force_on"] is not None:
        in_force_on = question.in_force_on
    known: date = max(question.law_known_on, in_force_on)
    if options["law_known_on"] is not None:
        known = question.law_known_on
    return replace(question, in_force_on=in_force_on, law_known_on=known)


def _as_saved(saved: SavedScenario, question: Question, options: Mapping[str, Any]) -> Question:
    """Return what was asked when a scenario was saved; days given now come first."""

    def day(name: str) -> date:
        given: date = getattr(question if options[name] is not None else saved, name)
        return given

    return replace(
        question,
        in_force_on=day("in_force_on"),
        law_known_on=day("law_known_on"),
        as_of=day("as_of"),
        readings=saved.readings,
        assumptions=saved.assumptions,
        optional=saved.optional,
    )
