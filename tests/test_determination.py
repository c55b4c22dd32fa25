"""Determinations: findings, law, intervals, dates, what is foreseen, what is counted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ledgers import EVIDENCE, allocation, fact, lineage, undated
from regimes import changed, small
from worlds import E24, GENERAL, above, determined

from ledger.determination import Determination, counted, tallied
from ledger.errors import RuleError
from ledger.regime.cased import CasedRegime

LINE = 10**25


def on(day: str, operations: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return an allocation of model m on a day."""
    times = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    model = changes.pop("model", "m")
    return allocation(model, operations, **{**times, **changes})


@pytest.mark.parametrize(
    ("operations", "finding", "margin"),
    [(LINE - 1, "not_met", "1"), (LINE, "not_met", "0"), (LINE + 1, "met", "1")],
)
def test_line_is_exact_to_one_operation(operations: int, finding: str, margin: str) -> None:
    found = above(GENERAL, on("2026-03-01", operations))
    assert (found.finding, found.margin) == (finding, margin)
    assert found.measured is not None
    assert found.measured["operations"].point == str(operations)
    assert (found.comparison, found.threshold, found.unit) == ("gt", str(LINE), "FLOP")


def test_unknown_figure_leaves_it_open_and_names_the_run() -> None:
    found = above(GENERAL, on("2026-03-01", 8 * E24), on("2026-04-01", run="r2"))
    assert found.finding == "undetermined"
    assert found.missing == ("operations@run:r2",)
    assert found.margin is None
    assert found.measured is not None
    assert (found.measured["operations"].low, found.measured["operations"].high) == (
        str(8 * E24),
        None,
    )


def test_unknown_figure_does_not_matter_once_the_rest_crosses() -> None:
    found = above(GENERAL, on("2026-03-01", 11 * E24), on("2026-04-01", run="r2"))
    assert (found.finding, found.missing) == ("met", ())


def test_finding_holds_by_the_point_and_says_when_the_error_would_not() -> None:
    near = on(
        "2026-03-01",
        97 * 10**23,
        operations_low=str(68 * 10**23),
        operations_high=str(126 * 10**23),
    )
    far = on("2026-03-01", 38 * E24, operations_low=str(27 * E24), operations_high=str(49 * E24))
    assert (above(GENERAL, near).finding, above(GENERAL, near).robust) == ("not_met", False)
    assert (above(GENERAL, far).finding, above(GENERAL, far).robust) == ("met", True)


def test_stated_range_across_the_line_decides_nothing() -> None:
    both = {"operations_low": str(9 * E24), "operations_high": str(11 * E24)}
    found = above(GENERAL, on("2026-03-01", **both))
    assert (found.finding, found.robust) == ("undetermined", False)


def test_exception_is_named_and_an_unknown_one_leaves_it_open() -> None:
    narrow = ("fact", fact("model:m", "model.significant_generality", "boolean", value=False))
    found = above(narrow, on("2026-03-01", 11 * E24))
    assert (found.finding, found.exception) == ("excepted", "narrow")
    unsaid = above(on("2026-03-01", 11 * E24))
    assert (unsaid.finding, unsaid.missing) == ("undetermined", ("model.significant_generality",))


def test_two_facts_that_differ_leave_it_open() -> None:
    narrow = ("fact", fact("model:m", "model.significant_generality", "boolean", value=False))
    assert above(GENERAL, narrow, on("2026-03-01", 11 * E24)).finding == "undetermined"


@pytest.mark.parametrize(
    ("day", "law", "enforcement", "finding"),
    [
        (date(2024, 10, 1), None, None, None),
        (date(2024, 12, 1), "proposed", None, None),
        (date(2025, 5, 1), "enacted", None, None),
        (date(2025, 12, 31), "in_force", "grace_period", "met"),
        (date(2026, 1, 1), "in_force", "enforced", "met"),
        (date(2027, 1, 1), "rescinded", "enforced", None),
    ],
)
def test_law_that_binds_nobody_has_no_finding(
    day: date, law: str | None, enforcement: str | None, finding: str | None
) -> None:
    found = above(GENERAL, on("2024-09-01", 11 * E24), in_force_on=day)
    assert (found.law, found.enforcement, found.finding) == (law, enforcement, finding)
    assert found.in_scope is (finding is not None)
    assert found.robust is (None if finding is None else True)


def test_law_published_later_is_not_seen() -> None:
    asked = {"in_force_on": date(2027, 2, 1), "law_known_on": date(2026, 1, 1)}
    assert above(GENERAL, on("2026-03-01", 11 * E24), **asked).law == "in_force"


def test_assumption_gives_a_hypothetical_finding_and_keeps_the_standing() -> None:
    asked = {"in_force_on": date(2027, 2, 1), "assumptions": {"xx.small": "in_force"}}
    found = above(GENERAL, on("2026-03-01", 11 * E24), **asked)
    assert (found.law, found.finding, found.hypothetical) == ("rescinded", "met", True)
    assert not found.actionable
    assert not found.overdue


def test_reading_changes_what_counts_and_is_named() -> None:
    work = (on("2026-03-01", 11 * E24, activity="rl_rollout"), on("2026-02-01", 1))
    assert above(GENERAL, *work).readings == {"rollouts": "in"}
    out = above(GENERAL, *work, readings={"xx.small": {"rollouts": "out"}})
    assert (out.finding, out.readings) == ("not_met", {"rollouts": "out"})


def test_reading_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RuleError):
        above(GENERAL, readings={"xx.small": {"rollouts": "perhaps"}})


def test_weakest_figure_names_the_provenance() -> None:
    found = determined(GENERAL, on("2026-03-01", E24))
    assert found["above", "model:m"].provenance == "verified"
    assert found["modifier", "model:m"].provenance == "secondary"


def test_work_after_the_day_asked_for_does_not_count() -> None:
    given = (GENERAL, on("2026-03-01", 6 * E24), on("2026-05-01", 6 * E24))
    assert above(*given, as_of=date(2026, 4, 30)).finding == "not_met"
    assert above(*given, as_of=date(2026, 5, 1)).finding == "met"


def test_met_since_the_day_that_carried_it_over() -> None:
    found = above(GENERAL, on("2026-03-01", LINE), on("2026-03-09", 1), on("2026-04-01", E24))
    assert found.met_on is not None
    assert (found.met_on.earliest, found.met_on.latest) == (date(2026, 3, 9), date(2026, 3, 9))


def test_met_days_differ_where_undated_work_is_needed() -> None:
    early = above(
        GENERAL, on("2026-03-01", 6 * E24), allocation("m", 6 * E24, **undated(date(2026, 5, 1)))
    )
    assert early.met_on is not None
    assert (early.met_on.earliest, early.met_on.latest) == (date(2026, 3, 1), date(2026, 5, 1))
    assert [due.on for due in early.due] == [date(2026, 5, 15)]
    assert any("latest day" in note for note in early.notes)
    alone = above(GENERAL, allocation("m", 11 * E24, **undated(date(2026, 5, 1))))
    assert alone.met_on is not None
    assert (alone.met_on.earliest, alone.met_on.latest) == (None, date(2026, 5, 1))


def test_met_begins_again_when_the_fact_that_excepted_it_ends() -> None:
    narrow = fact("model:m", "model.significant_generality", "boolean", value=False)
    facts = (
        ("fact", {**narrow, "valid_until": "2026-06-01"}),
        (
            "fact",
            {**narrow, "value": {"kind": "boolean", "value": True}, "valid_from": "2026-06-01"},
        ),
    )
    found = above(*facts, on("2026-03-01", 11 * E24))
    assert found.met_on is not None
    assert found.met_on.latest == date(2026, 6, 1)


def test_model_is_not_met_before_it_was_made() -> None:
    found = determined(
        ("fact", fact("model:child", "model.significant_generality", "boolean", value=True)),
        ("lineage", lineage("child", "m")),
        on("2026-03-01", 11 * E24),
        on("2026-05-01", E24, model="child"),
    )["above", "model:child"]
    assert found.finding == "met"
    assert found.met_on is not None
    assert found.met_on.latest == date(2026, 5, 1)


def test_third_that_is_no_whole_number_is_reported_whole_and_decides_exactly() -> None:
    unobtainable = (
        "fact",
        fact("model:m", "model.base_compute_obtainable", "boolean", value=False),
    )
    third = LINE // 3
    below = determined(unobtainable, on("2026-03-01", third))["modifier", "model:m"]
    over = determined(unobtainable, on("2026-03-01", third + 1))["modifier", "model:m"]
    assert (below.finding, below.threshold, below.margin) == ("not_met", str(third), "0")
    assert (over.finding, over.threshold, over.margin) == ("met", str(third), "1")


def filing(**changes: Any) -> tuple[str, dict[str, Any]]:
    """Return a filing that closes the duty of the small act."""
    body = {
        "regime": "xx.small",
        "rule": "above",
        "obligation": "tell",
        "subject": "model:m",
        "sent": "notice",
        "sent_at": "2026-03-10T09:00:00Z",
        "receipt": None,
    }
    return "filing", {**body, **changes}


def test_filing_closes_the_duty_and_the_finding_stays() -> None:
    met = (GENERAL, on("2026-03-01", 11 * E24))
    open_ = above(*met)
    assert (open_.overdue, open_.actionable, open_.closed_by) == (True, True, None)
    assert [(due.on, due.days_left) for due in open_.due] == [(date(2026, 3, 15), -253)]
    found = above(*met, filing())
    assert (found.finding, found.due, found.overdue, found.actionable) == ("met", (), False, False)
    assert found.closed_by is not None
    assert [(c.seq, c.sent_on, c.due_on) for c in found.closed_by] == [
        (2, date(2026, 3, 10), date(2026, 3, 15))
    ]


@pytest.mark.parametrize(
    "changes",
    [{"subject": "model:n"}, {"rule": "modifier"}, {"regime": "xx.other"}, {"obligation": "other"}],
)
def test_filing_of_something_else_closes_nothing(changes: dict[str, Any]) -> None:
    assert above(GENERAL, on("2026-03-01", 11 * E24), filing(**changes)).actionable


def test_line_met_stays_open_while_another_duty_is() -> None:
    met = (GENERAL, on("2026-11-20", 11 * E24))
    found = above(*met, filing(obligation="other"))
    assert [due.obligation for due in found.due] == ["tell"]
    assert not found.overdue
    assert found.actionable


def test_law_in_force_that_is_also_assumed_is_hypothetical() -> None:
    found = above(GENERAL, on("2026-11-20", 11 * E24), assumptions={"xx.small": "in_force"})
    assert (found.law, found.finding) == ("in_force", "met")
    assert not found.actionable


def test_filing_without_prefix_or_sent_later_is_told_apart() -> None:
    met = (GENERAL, on("2026-03-01", 11 * E24))
    assert not above(*met, filing(subject="m")).actionable
    assert above(*met, filing(sent_at="2027-01-01T00:00:00Z")).actionable


def test_no_clock_starts_before_the_rule_applies() -> None:
    found = above(GENERAL, on("2025-01-05", 11 * E24))
    assert found.met_on is not None
    assert found.met_on.latest == date(2025, 1, 5)
    assert [due.on for due in found.due] == [date(2025, 6, 15)]
    assert "no clock starts before the rule applies, 2025-06-01" in found.notes


def test_evidence_shares_add_up_to_a_million() -> None:
    invoice = {**EVIDENCE, "source_kind": "invoice"}
    counter = {"method": "counter", "method_inputs": {"steps": 5}}
    found = above(
        GENERAL,
        on("2026-03-01", 1),
        on("2026-03-02", 1, evidence=invoice),
        on("2026-03-03", 1, **counter),
    )
    shares = found.evidence_share
    assert shares.B + shares.D + shares.E == 1_000_000
    assert {shares.B, shares.D, shares.E} == {333_333, 333_334}
    assert found.entries_counted == 3


def test_nothing_counted_has_no_shares() -> None:
    found = above(GENERAL, on("2026-03-01", 0))
    assert found.evidence_share.model_dump() == dict.fromkeys("ABCDE", 0)


def test_every_pair_of_rule_and_subject_is_counted_once() -> None:
    found = determined(
        GENERAL,
        on("2026-03-01", 11 * E24),
        on("2026-03-01", 1, model="n"),
        on("2026-03-01", model="o"),
    )
    counts = counted(tallied(tuple(found.values())))
    assert counts.determinations == 6 == len(found)
    assert (counts.met, counts.undetermined, counts.not_met) == (1, 4, 1)
    assert counts.out_of_scope == 0


def test_subjects_and_rules_not_asked_are_left_out() -> None:
    asked = {"rules": {"xx.small": frozenset({"modifier"})}, "subjects": frozenset({"model:n"})}
    found = determined(on("2026-03-01", 1), on("2026-03-01", 1, model="n"), **asked)
    assert list(found) == [("modifier", "model:n")]


def test_undetermined_always_names_what_is_missing() -> None:
    found = determined(on("2026-03-01", model="m"), on("2026-03-01", 11 * E24, model="n"))
    open_ = [each for each in found.values() if each.finding == "undetermined"]
    assert open_
    assert all(each.missing for each in open_)


def test_determination_is_read_back_from_its_json() -> None:
    found = above(GENERAL, on("2026-03-01", 11 * E24), filing())
    text = found.model_dump_json()
    assert Determination.model_validate_json(text) == found


def of_runs() -> CasedRegime:
    """Return the small act with its first rule asked of runs."""
    unless = (
        "    unless:\n      - { id: narrow, when: { not: model.significant_generality }, "
        "cite: { source: act } }\n"
    )
    kind = "    subject: {}\n    effect: presumption"
    text = changed(kind.format("model"), kind.format("run"), text=changed(unless, ""))
    return small(text[: text.index("cases:")])


def test_rule_of_a_run_is_asked_of_every_run() -> None:
    found = determined(
        on("2026-03-01", 11 * E24, run="big"), on("2026-03-02", E24, run="small"), regime=of_runs()
    )
    assert found["above", "run:big"].finding == "met"
    assert found["above", "run:small"].finding == "not_met"
    met_on = found["above", "run:big"].met_on
    assert met_on is not None
    assert met_on.latest == date(2026, 3, 1)


def test_run_without_a_day_may_have_crossed_before_every_record() -> None:
    """Undated work is placed at both ends of when it can have been, for runs as for models."""
    found = determined(
        allocation("m", 11 * E24, **undated(date(2026, 3, 1), run="big")), regime=of_runs()
    )
    met_on = found["above", "run:big"].met_on
    assert met_on is not None
    assert (met_on.earliest, met_on.latest) == (None, date(2026, 3, 1))


def test_as_of_defaults_leave_days_to_count_from() -> None:
    found = above(GENERAL, on("2026-11-20", 11 * E24))
    assert [(due.on, due.days_left) for due in found.due] == [(date(2026, 12, 4), 11)]


def undated_duties() -> str:
    """Return the small act with two duties and no due date."""
    due = "        due: { within: notice, after: { earliest: [met, foreseen] } }\n"
    text = changed(due, "")
    duty = (
        "      - id: tell\n        actor: provider\n        action: { en: Tell the office }\n"
        "        cite: { source: act, at: s. 4 }\n"
    )
    return changed(duty, duty + duty.replace("tell", "keep"), text=text)


def test_filing_closes_an_undated_rule_only_with_every_duty_of_it() -> None:
    regime = small(undated_duties())
    met = (GENERAL, on("2026-03-01", 11 * E24))
    nonsense = above(*met, filing(obligation="nonsense"), regime=regime)
    assert (nonsense.actionable, nonsense.closed_by) == (True, None)
    half = above(*met, filing(), regime=regime)
    assert (half.actionable, half.unfiled) == (True, ("keep",))
    both = above(*met, filing(), filing(obligation="keep"), regime=regime)
    assert (both.actionable, both.unfiled) == (False, ())


@pytest.mark.parametrize(
    ("sent_at", "closes"), [("2026-02-28T23:59:59Z", False), ("2026-03-01T00:00:00Z", True)]
)
def test_filing_sent_before_the_line_was_met_closes_nothing(sent_at: str, closes: bool) -> None:  # noqa: FBT001
    found = above(GENERAL, on("2026-03-01", 11 * E24), filing(sent_at=sent_at))
    assert (found.closed is closes, found.due == ()) == (True, closes)
    assert any("before the line was met" in note for note in found.notes) is not closes
