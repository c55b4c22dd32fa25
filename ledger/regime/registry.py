"""The registry is the one list of everything that lint can say of a rule file.

It holds every kind of mistake that keeps a file from loading and every check of a file that loads.
The page ``schemas/lint.v1.md``, ``rules lint --explain`` and the rules of a SARIF report are all
written from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.errors import MissingError
from ledger.regime.check import Check, finding, refusal
from ledger.regime.refusals import OF_FORM, OF_TEXT
from ledger.regime.refusals_of_meaning import OF_SENSE, OF_VALUES
from ledger.regime.scalar import nearest

__all__ = ["REGISTRY", "check_of", "find_check"]

_LAW: Final = (
    finding(
        "no-citation",
        "warning",
        "A figure does not say where it stands, or with which words",
        "A number that nobody can find in the law is a rumour. The deciding words settle whether "
        "the figure itself is caught.",
        "Give the section in at: and quote the deciding words in phrase:.",
        "cite: { source: act }",
        "cite: { source: act, at: s. 2, phrase: more than }",
    ),
    finding(
        "comparator",
        "error",
        "The comparator is not the one that the quoted words ask for",
        "At 10^26 exactly, greater than says no and at least says yes. The quotation beside the "
        "number decides, not the habit of the writer.",
        "Write the comparator of the words, or quote the words that decide.",
        "when: { ge: [developer.group_revenue_prior_calendar_year, line] }",
        "when: { gt: [developer.group_revenue_prior_calendar_year, line] }",
    ),
    finding(
        "comparator-unsaid",
        "warning",
        "The quoted words do not say whether the figure itself is caught",
        "The writer has then chosen, and a reader should see that it is a choice.",
        "Quote the words that decide, or say in interpretation: why this comparator is right.",
        "phrase: a revenue of }",
        "phrase: more than }",
    ),
    finding(
        "lost-exponent",
        "error",
        "A power of ten is printed flat",
        "Copies of statutes lose the superscript: 10^25 becomes 1025, and every model is above it.",
        "Look at the official text and write 10^25.",
        "title: { en: Developer of models above 1026 operations }",
        "title: { en: Developer of models above 10^26 operations }",
    ),
    finding(
        "time-gap",
        "error",
        "A figure or list has no value on days on which the regime applies",
        "On those days no subject could be decided.",
        "Extend a value, or add the one that holds.",
    ),
    finding(
        "stance",
        "warning",
        "Two stances of the authority hold on one day, or none does between two",
        "A report would show the wrong one.",
        "Close each stance with until on the day on which the next begins.",
        "- { from: 2025-06-01, until: 2025-12-01, stance: grace_period }",
        "- { from: 2025-06-01, until: 2026-01-01, stance: grace_period }",
    ),
    finding(
        "known-after-from",
        "warning",
        "A figure binds on days before anyone knew it",
        "Asked as the law was known on such a day, it was not there. Either a date is wrong, or "
        "the law reaches back.",
        "Correct the date, or say in retroactive: how it reaches back.",
        "known: 2025-07-10",
        "known: 2025-01-10",
    ),
    finding(
        "views",
        "error",
        "A view rests on the wrong rows",
        "What is foreseen without commitments is only what has happened, and what has happened "
        "must not count what is only planned.",
        "Write basis: [actual] for actual, and [actual, committed] for foreseen.",
        "views: { foreseen: { basis: [actual] } }",
        "views: { foreseen: { basis: [actual, committed] } }",
    ),
)

_REASON: Final = (
    finding(
        "choose",
        "error",
        "The cases of a choose overlap or leave something out",
        "With no case, or with two, the rule says nothing or two things of one subject.",
        "Add the case that the message describes, or make one of two exclude it.",
        "- case: model.is_foundation_model",
        "- case: { not: model.is_modification }",
    ),
    finding(
        "constant",
        "error",
        "A condition comes out alike whatever the facts are",
        "Under the figures of the law it always holds or never does, so it tests nothing. More "
        "than 10^26 and at most 10^25 exclude each other.",
        "Correct the operator or the figure, or remove the condition.",
        "- le: [developer.group_revenue_prior_calendar_year, lower]",
        "- gt: [developer.group_revenue_prior_calendar_year, lower]",
    ),
    finding(
        "unused",
        "warning",
        "Something is declared that nothing uses",
        "A figure that no rule asks for looks like law in use.",
        "Use it, or remove it.",
    ),
)

_EVIDENCE: Final = (
    finding(
        "no-case",
        "warning",
        "A rule is never seen met, not met or undetermined",
        "An answer that no case shows may be wrong for years before anyone sees it.",
        "Add a case for each of the three to cases:.",
    ),
    finding(
        "no-case-out-of-scope",
        "warning",
        "A rule with a scope is never seen out of it",
        "A scope that holds for everybody and one that works look the same in every other case.",
        "Add a case on a day in force in which scope: is false, with in_scope: no, finding: none.",
    ),
    finding(
        "no-case-not-in-force",
        "warning",
        "A rule is never seen on a day on which it binds nobody",
        "A rule that is asked before it applies, or after its end, must not find anybody guilty.",
        "Add a case before the regime applies or after it ended, with in_scope: no, finding: none.",
    ),
    finding(
        "source-unlocated",
        "warning",
        "A source cannot be looked up",
        "Without an address, an official number or a cited place a reader cannot compare the file "
        "with the text.",
        "Give url: or eli:, cite the place in at:, or say in note: how the text is known.",
        "cite: { source: notice }",
        "cite: { source: notice, at: p. 3 }",
    ),
    finding(
        "unchecked",
        "warning",
        "A file marked checked rests on memory, or was checked by nobody",
        "A reader trusts the mark.",
        "Compare the figure with its source, name who did, or mark the file draft.",
        "provenance: memory",
        "provenance: verified",
    ),
    finding(
        "review-old",
        "note",
        "The last check against the text is long ago, or has no day",
        "Laws change without asking the file. After 180 days somebody looks again.",
        "Compare the file with the text again and write the day in reviewed_on:.",
        "reviewed_on: 2026-01-10",
        "reviewed_on: 2026-08-01",
    ),
    finding(
        "file-name",
        "warning",
        "The file is not named for its regime",
        "A regime is looked for under its id.",
        "Name the file as the id, with .yaml.",
    ),
    finding(
        "exception-expired",
        "warning",
        "An exception of lint has run out",
        "It was granted until a day, and the day has come.",
        "Mend what it passes over and remove it, or give a new day and say why.",
    ),
    finding(
        "exception-unused",
        "warning",
        "An exception of lint passes over nothing",
        "It would hide the next finding at its place.",
        "Remove it, or correct what it names.",
    ),
)

REGISTRY: Final[Mapping[str, Check]] = {
    check.id: check
    for check in (*OF_TEXT, *OF_FORM, *OF_VALUES, *OF_SENSE, *_LAW, *_REASON, *_EVIDENCE)
}


def check_of(code: str) -> Check:
    """Return the check of a flaw; one that the registry lacks keeps its code and says little."""
    found = REGISTRY.get(code)
    if found is not None:
        return found
    remedy = "do what the message says"
    return refusal(code, "The file cannot be loaded", "A rule would mean nothing.", remedy)


def find_check(check_id: str) -> Check:
    """Return the check of that id.

    Raises:
        MissingError: If there is none; the message names the nearest.
    """
    if check_id not in REGISTRY:
        message = f"there is no check {check_id!r}"
        raise MissingError(message, remedy=nearest(check_id, REGISTRY))
    return REGISTRY[check_id]
