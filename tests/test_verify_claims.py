"""What a claim leaves out, dates otherwise or reads otherwise is found, whoever signed it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from bundled import (
    ASKED,
    OCCASION,
    TODAY,
    asking,
    attested,
    drawn_up,
    fault,
    filled,
    members_of,
    pack,
    policy,
    record,
    step,
    valid,
    verdict,
)
from ledgers import allocation, fact
from sealed import fill, found, leg

from ledger.attestation import Attestation
from ledger.claim import Days
from ledger.cli.context import Context
from ledger.errors import InputError
from ledger.journeys.checking import Question
from ledger.journeys.stance import Span, Stance, doubts, idle
from ledger.pack import Pack
from ledger.record import draft_of
from ledger.regime.cased import load_cased
from ledger.report.bundle_verdict import bundle_tables
from ledger.report.render import to_markdown
from ledger.report.transcript import transcript
from ledger.verify.bundle import BundleVerdict

CROSSED = "eu.aia/gpaisr-presumption model:m"
YEAR = Days(date(2026, 1, 1), date(2027, 1, 1))


def crossing() -> list[Any]:
    """Return a run far above every line, and that its model is offered."""
    big = allocation(run="big", model="m", operations=5 * 10**27)
    offered = fact("model:m", "model.released", "boolean", value=True)
    return [
        draft_of("allocation", big, hidden={}, key=("big", "1")),
        draft_of("fact", offered, hidden={}, key=("offered", "1")),
    ]


def crossed(folder: Path) -> Context:
    """Found a ledger whose model is over the line."""
    context = found(folder)
    fill(context, [leg(0)], crossing())
    return context


def judged(context: Context, claim: Attestation | None = None, own: Pack | None = None) -> Any:
    """Have both people sign a claim about a ledger, and return what a verifier finds."""
    record(context, claim or drawn_up(context))
    return verdict(members_of(context), policy(**ASKED), recompute=asking(own))


def asked(**changes: Any) -> Question:
    """Return the question of the usual claim, or another."""
    usual = Question(TODAY, TODAY, TODAY, datetime(2026, 11, 24, 12, tzinfo=UTC))
    return replace(usual, **changes)


def edited(claim: Attestation, change: Callable[[dict[str, Any]], None]) -> Attestation:
    """Return a claim whose check was changed by hand."""
    check = json.loads(json.dumps(dict(claim.check)))
    change(check)
    return replace(claim, check=check)


def keep(check: dict[str, Any], kept: Callable[[dict[str, Any]], bool]) -> None:
    """Leave determinations out of a check, and count what is left."""
    check["determinations"] = [d for d in check["determinations"] if kept(d)]
    check["counts"] = dict.fromkeys(check["counts"], 0)
    check["counts"]["determinations"] = len(check["determinations"])
    for each in check["determinations"]:
        check["counts"][each["finding"] or "out_of_scope"] += 1


@lru_cache
def stricter() -> Pack:
    """Return rules in which one threshold is another."""
    files = json.loads(pack().encode())["files"]
    value = files["regimes/eu/eu.aia.yaml"]["parameters"]["systemic-risk-flop"]["values"][0]
    value["value"] = "10^20 FLOP"
    return Pack.of(files)


def told(found_: BundleVerdict, name: str) -> str:
    """Return the notes of a step."""
    return " | ".join(step(found_, name).notes)


# What a claim leaves out.


@pytest.mark.parametrize("own", [None, stricter])
def test_threat_30_claim_of_nothing_fails(tmp_path: Path, own: Callable[[], Pack] | None) -> None:
    context = crossed(tmp_path)
    nothing = edited(drawn_up(context), lambda check: keep(check, lambda _: False))
    failed = fault(judged(context, nothing, own and own()), "claims")
    assert "no determination" in failed.message
    assert "attestation 1" in failed.where


@pytest.mark.parametrize("own", [None, stricter])
def test_threat_30_claim_that_leaves_a_body_of_law_out_is_found(
    tmp_path: Path, own: Callable[[], Pack] | None
) -> None:
    context = crossed(tmp_path)
    part = edited(
        drawn_up(context), lambda check: keep(check, lambda d: d["regime"] == "us.ca.sb53")
    )
    out = judged(context, part, own and own())
    assert (out.fault, out.exit_status) == (None, 1)
    claims = step(out, "claims")
    assert claims.outcome == "finding"
    assert "of the others it says nothing" in claims.notes[0]
    lacked = {each.place: each for each in out.contrasts}
    assert (lacked[CROSSED].stated, lacked[CROSSED].found) == (None, "met")
    assert lacked[CROSSED].cause == "other_subject"
    assert step(out, "own law").outcome == "finding"
    assert step(out, "own law").count > claims.count
    assert valid(out)["result"] == "finding"


def test_claim_whose_law_the_verifier_has_not_hides_nothing(tmp_path: Path) -> None:
    # The claim speaks of one body of law alone, and the verifier does not have that one.
    context = crossed(tmp_path)
    part = edited(
        drawn_up(context), lambda check: keep(check, lambda d: d["regime"] == "us.ca.sb53")
    )
    files = json.loads(pack().encode())["files"]
    own = Pack.of({name: text for name, text in files.items() if "sb53" not in name})
    out = judged(context, part, own)
    assert out.exit_status == 1
    places = {each.place: each for each in out.contrasts}
    assert places[CROSSED].found == "met"


def test_run_recorded_after_the_newest_claim_is_judged(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0)])
    attested(context)
    fill(context, crossing())
    out = verdict(members_of(context), policy(**ASKED), recompute=asking())
    assert (out.fault, out.exit_status) == (None, 1)
    words = f"your rules find with that, and not before, that {CROSSED} is met"
    assert f"2 records came after attestation 1, the newest: {words}" in told(out, "own law")
    # Once a claim says so, nothing is left to look at.
    again = judged(context)
    assert (again.exit_status, step(again, "own law").outcome) == (0, "held")


def test_record_after_the_newest_claim_that_crosses_nothing_is_told(tmp_path: Path) -> None:
    context = filled(tmp_path)
    attested(context)
    fill(context, [leg(9)])
    out = verdict(members_of(context), policy(**ASKED), recompute=asking())
    assert out.exit_status == 0
    assert "1 record came after attestation 1" in told(out, "own law")


# Whence a claim asks.


def test_verdict_shows_whence_a_claim_asks(tmp_path: Path) -> None:
    out = judged(filled(tmp_path))
    words = (
        "attestation 1 asks law in force on 2026-11-24, known on 2026-11-24, counting up to "
        "2026-11-24; readings chosen: none; assumed: nothing"
    )
    assert (out.exit_status, step(out, "claims").outcome) == (0, "held")
    assert words in told(out, "claims")
    assert words in json.dumps(valid(out))
    assert words in transcript(out, OCCASION, "b.zip")
    assert words in to_markdown(bundle_tables(out, OCCASION))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"in_force_on": date(2001, 1, 1)}, "asks the law in force on 2001-01-01, before 2026-11"),
        ({"law_known_on": date(2001, 1, 1)}, "asks the law known on 2001-01-01, before 2026-11"),
        ({"as_of": date(2020, 1, 1)}, "counts work up to 2020-01-01, before 2026-11-23"),
        ({"in_force_on": date(2099, 1, 1)}, "in force on 2099-01-01, after 2026-11-24"),
    ],
)
def test_claim_on_days_that_hide_a_crossing_is_found(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    context = crossed(tmp_path)
    out = judged(context, drawn_up(context, asked(**changes)))
    assert (out.fault, out.exit_status) == (None, 1)
    assert words in told(out, "claims")
    assert "the verifier asks law in force on 2026-11-2" in told(out, "own law")
    if "known" not in words and "2099" not in words:
        turned = next(c for c in out.contrasts if c.place == CROSSED and c.field == "finding")
        assert turned.found == "met"


def test_claim_that_chose_a_period_before_its_work_is_found(tmp_path: Path) -> None:
    # All that it says is true of 2020; what crossed the line since is told all the same.
    context = crossed(tmp_path)
    old = date(2020, 3, 31)
    claim = drawn_up(context, asked(in_force_on=old, law_known_on=old, as_of=old))
    claim = replace(claim, period=Days(date(2020, 3, 1), date(2020, 4, 1)))
    out = judged(context, claim)
    assert out.exit_status == 1
    words = f"your rules find with that, and not before, that {CROSSED} is met"
    assert f"asks about days before its own last entry: {words}" in told(out, "own law")


def test_period_without_any_of_the_work_is_found(tmp_path: Path) -> None:
    context = filled(tmp_path)
    claim = replace(drawn_up(context), period=Days(date(1999, 1, 1), date(1999, 1, 2)))
    out = judged(context, claim)
    assert (out.fault, out.exit_status) == (None, 1)
    assert "no work recorded falls into the period attested, 1999-01-01" in told(out, "claims")


def test_reading_that_the_verifier_does_not_share_is_found(tmp_path: Path) -> None:
    reading, default, other = _reading()
    context = crossed(tmp_path)
    out = judged(context, drawn_up(context, asked(readings=(f"eu.aia/{reading}={other}",))))
    assert (out.fault, out.exit_status) == (None, 1)
    words = f"the claim reads eu.aia/{reading} as {other}, your rules as {default}"
    assert words in told(out, "claims")
    causes = {each.cause for each in out.contrasts}
    assert causes <= {"other_reading"}


def test_assumption_of_a_claim_is_found(tmp_path: Path) -> None:
    context = crossed(tmp_path)
    out = judged(context, drawn_up(context, asked(assumptions=("us.ca.sb1047=in_force",))))
    assert (out.fault, out.exit_status) == (None, 1)
    assert "the claim assumes that us.ca.sb1047 is in force" in told(out, "claims")


def _reading() -> tuple[str, str, str]:
    """Return a question that the law leaves open, its default and another answer."""
    name, held = next(iter(load_cased(pack())["eu.aia"].readings.items()))
    return name, held.default, next(a for a in held.alternatives if a != held.default)


# What no attestation can say.


@pytest.mark.parametrize(
    ("part", "member", "value", "words"),
    [
        ("coordinates", "recorded_by", "2001-01-01T00:00:00Z", "the leaves give 2026-11-23T10"),
        ("coordinates", "recorded_by", None, "the leaves give 2026-11-23T10"),
        ("ledger", "unsigned_tail", 999, "the leaves give 0"),
        ("coordinates", "recorded_by", "soon", "soon"),
        ("coordinates", "evaluated_at", "soon", "soon"),
    ],
)
def test_coordinate_that_is_false_fails(
    tmp_path: Path, part: str, member: str, value: object, words: str
) -> None:
    context = filled(tmp_path)
    claim = edited(drawn_up(context), lambda check: check[part].__setitem__(member, value))
    record(context, claim)
    out = verdict(members_of(context), policy(**ASKED), recompute=asking())
    assert out.exit_status == 4
    assert out.fault is not None
    assert words in out.fault.message
    assert "attestation 1" in out.fault.where


def test_claim_worked_out_before_its_entries_is_found(tmp_path: Path) -> None:
    context = filled(tmp_path)
    early = "2001-01-01T00:00:00Z"
    claim = edited(
        drawn_up(context), lambda check: check["coordinates"].__setitem__("evaluated_at", early)
    )
    record(context, claim)
    out = verdict(members_of(context), policy(**ASKED), recompute=asking())
    assert out.exit_status in {1, 4}
    assert "worked out 2001-01-01T00:00:00Z, before the last entry" in told(out, "claims")


def test_attest_draws_up_no_claim_that_fails(tmp_path: Path) -> None:
    context = filled(tmp_path)
    with pytest.raises(InputError, match="the clock says 2001"):
        drawn_up(context, asked(evaluated_at=datetime(2001, 1, 1, tzinfo=UTC)))
    with pytest.raises(InputError, match="everything under a checkpoint"):
        drawn_up(context, asked(recorded_by=datetime(2027, 1, 1, tzinfo=UTC)))


# The days themselves.

LAW = load_cased(pack())


def stance(**changes: Any) -> Stance:
    """Return the stance of somebody who asks today."""
    return replace(Stance(TODAY, TODAY, TODAY, {}, {}), **changes)


@pytest.mark.parametrize(
    ("period", "sealed", "day", "first"),
    [
        # A year that is not over ends, for this purpose, with its last entry.
        (YEAR, "2026-11-23T10:00:00Z", "2026-11-24", date(2026, 11, 23)),
        # Half a year that is over can be asked about from its last day on.
        (Days(date(2026, 1, 1), date(2026, 7, 1)), "2026-11-23T10:00:00Z", "2026-11-24", None),
        (YEAR, None, "2026-12-31", date(2026, 12, 31)),
    ],
)
def test_span_lies_between_the_end_of_the_period_and_the_day_of_asking(
    period: Days, sealed: str | None, day: str, first: date | None
) -> None:
    span = Span.of(period, sealed, f"{day}T12:00:00Z")
    assert span.first == (first or date(2026, 6, 30))
    assert span.last == date.fromisoformat(day)
    for each in (span.first, span.last):
        asked_ = stance(in_force_on=each, law_known_on=span.last, as_of=each)
        assert list(doubts(asked_, span, LAW)) == []
        assert asked_.within(span) == asked_
    early, late = (date.fromordinal(span.first.toordinal() - 1), date(2027, 6, 1))
    for each in (early, late):
        asked_ = stance(in_force_on=each, law_known_on=each, as_of=each)
        assert len(list(doubts(asked_, span, LAW))) == 3
        assert asked_.within(span).as_of in {span.first, span.last}


def test_law_of_a_day_is_not_asked_as_it_was_known_before() -> None:
    span = Span.of(Days(date(2026, 1, 1), date(2026, 7, 1)), None, "2026-11-24T12:00:00Z")
    hidden = stance(law_known_on=date(2026, 7, 1))
    assert "what was published between is hidden" in " ".join(doubts(hidden, span, LAW))
    assert hidden.within(span) == stance()


def test_reading_of_a_law_that_nobody_knows_is_told() -> None:
    span = Span.of(YEAR, None, "2026-12-31T12:00:00Z")
    at = date(2026, 12, 31)
    for regime, name in (("xx.gone", "q"), ("eu.aia", "gone")):
        odd = stance(
            in_force_on=at, law_known_on=at, as_of=at, readings={regime: {name: "anything"}}
        )
        assert list(doubts(odd, span, LAW)) == [
            f"the claim reads {regime}/{name} as anything: your rules do not know it"
        ]


def test_period_is_idle_only_if_no_work_of_a_known_day_falls_into_it() -> None:
    days = Days(date(2026, 3, 31), date(2026, 5, 1))
    assert idle(days, ()) == ""
    assert idle(days, ("2026-03",)) == ""
    assert idle(days, ("2025-01", "2026-04")) == ""
    assert "of 2026-02 to 2026-05" in idle(days, ("2026-05", "2026-02"))
