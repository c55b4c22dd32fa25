"""What the lineage and the figures answer by themselves, and what silence never answers."""

from __future__ import annotations

from typing import Any

from stated import Counted, Made, Stated, World, ask, exactly, regime

from ledger.quantity import Interval


def test_base_that_no_step_leads_to_is_unknown_and_never_nothing() -> None:
    lets = {"base": {"sum": "operations", "counting": "everything", "lineage": "base"}}
    rules = regime({"id": "r", "let": lets, "when": {"gt": ["line", "base"]}})
    nothing = {("model:m", "base", "actual"): exactly(0)}
    alone = ask(rules, World(totals=nothing))
    assert (alone.finding, alone.missing) == ("undetermined", ("lineage.parent@model:m",))
    student = World(totals=nothing, made=[Made("m", "teacher", relation="distilled")])
    assert ask(rules, student).finding == "undetermined"
    assert ask(rules, World(totals=nothing, made=[Made("m", "b")])).finding == "met"


def answered(fact: str, world: World) -> tuple[Any, ...]:
    found = ask(regime({"id": "r", "when": f"model.{fact}"}), world)
    return found.finding, found.missing


def test_modification_is_read_off_the_lineage_unless_somebody_states_it() -> None:
    assert answered("is_modification", World()) == ("not_met", ())
    assert answered("is_modification", World(made=[Made("m", "b")])) == ("met", ())
    distilled = World(made=[Made("m", "b", relation="distilled")])
    assert answered("is_modification", distilled) == ("not_met", ())
    stated = {("model:m", "model.is_modification"): Stated(value=False)}
    assert answered("is_modification", World(stated, made=[Made("m", "b")])) == ("not_met", ())


def test_provider_of_the_base_is_found_along_the_providers_own_steps() -> None:
    def found(*made: Made) -> tuple[Any, ...]:
        return answered("same_provider_as_base", World(made=list(made)))

    own = Made("m", "a", same_provider="yes")
    assert found() == ("undetermined", ("model.same_provider_as_base",))
    assert found(own) == ("met", ())
    assert found(own, Made("a", "b")) == ("not_met", ())
    doubt = Made("a", "b", same_provider="unknown")
    assert found(own, doubt) == ("undetermined", ("lineage.same_provider@model:a",))
    assert found(own, doubt, Made("m", "c")) == ("not_met", ())
    circle = (Made("m", "a", same_provider="yes"), Made("a", "m", same_provider="yes"))
    assert found(*circle) == ("met", ())
    contradicted = Made("m", "a", same_provider="yes", certain=False)
    assert found(contradicted) == ("undetermined", ("lineage.cycle@model:m",))


def test_figure_of_the_base_is_obtainable_when_the_ledger_holds_it_and_never_not_by_silence() -> (
    None
):
    def found(legal: Interval) -> tuple[Any, ...]:
        totals = {("model:m", "base", "actual"): Counted(legal, legal, ("operations@b",))}
        world = World(totals=totals, made=[Made("m", "b")])
        return answered("base_compute_obtainable", world)

    assert found(Interval.point(10**24)) == ("met", ())
    for unknown in (Interval.unknown(), Interval.unknown(10**24), Interval(1, None)):
        assert found(unknown) == ("undetermined", ("model.base_compute_obtainable",))
    stated = World({("model:m", "model.base_compute_obtainable"): Stated(value=False)})
    assert answered("base_compute_obtainable", stated) == ("not_met", ())


def test_statement_that_no_figure_can_be_had_does_not_stand_against_one_on_the_ledger() -> None:
    def found(legal: Interval, *, said: bool) -> tuple[Any, ...]:
        totals = {("model:m", "base", "actual"): Counted(legal, legal, ("operations@b",))}
        stated = {("model:m", "model.base_compute_obtainable"): Stated(value=said, entries=(3,))}
        return answered("base_compute_obtainable", World(stated, totals, made=[Made("m", "b")]))

    contradicted = ("undetermined", ("model.base_compute_obtainable",))
    for figure in (Interval.point(10**24), Interval(1, 10**24)):
        assert found(figure, said=False) == contradicted
        assert found(figure, said=True) == ("met", ())
    for none in (Interval.unknown(), Interval.unknown(10**24), Interval(1, None)):
        assert found(none, said=False) == ("not_met", ())
