"""A refusal of meaning keeps a file from loading whose parts say nothing, or not one thing."""

from __future__ import annotations

from typing import Final

from ledger.regime.check import Check, refusal

__all__ = ["OF_SENSE", "OF_VALUES"]

# One text read as a value.
OF_VALUES: Final[tuple[Check, ...]] = (
    refusal(
        "date",
        "A day is not written as a day, or does not exist",
        "A clock that starts on the wrong day gives the wrong date due.",
        "Write YYYY-MM-DD.",
        "from: 2025-06-31",
        "from: 2025-06-01",
    ),
    refusal(
        "boolean",
        "An answer is neither yes nor no",
        "true, on, 1 and y mean different things to different readers.",
        "Write yes or no.",
        "expect: { above: { m: { finding: met, robust: true } }",
        "expect: { above: { m: { finding: met } }",
    ),
    refusal(
        "quantity",
        "A quantity cannot be read",
        "Every figure is an exact number with its unit. A sign, an infinity or a group of digits "
        "that is not digits is none.",
        "Write the number, one space and the unit: 10^25 FLOP, 500_000_000 USD, 1/3 ratio.",
        "value: -5 FLOP",
        "value: 10^25 FLOP",
    ),
    refusal(
        "float",
        "A number is written as programs write floats",
        "Read as a float, 1e25 is 10^25 and 905 969 664 more, so a model on the line would be "
        "decided wrongly.",
        "Write 10^25 FLOP or 3.8*10^25 FLOP.",
        "value: 1e25 FLOP",
        "value: 10^25 FLOP",
    ),
    refusal(
        "unit",
        "A number has no unit, or one that is not known",
        "10^25 of nothing cannot be compared. Work, rate, capacity and money are different things.",
        "Write the number, one space and one of the units that the message lists.",
        "value: 10^25 FLOPS",
        "value: 10^25 FLOP",
    ),
    refusal(
        "dimension",
        "Two things of different kinds meet, or a dimension is not known",
        "Peak rate is no work done, and money is no share. Mixing them is the commonest mistake "
        "of this field.",
        "Compare two numbers of one dimension, and give a parameter values in units of its own.",
        "then: { gt: [own, share] }",
        "then: { gt: [own, { mul: [share, behind] }] }",
    ),
    refusal(
        "language",
        "A text has no English version, or a language is not known",
        "Every report falls back to English. A comma inside { } ends the text, and the rest is "
        "taken for a language.",
        "Write { en: ... }, in quotes where the text has a comma or a colon.",
        "title: { en: Small Act, the first }",
        "title: { en: Small Act }",
    ),
    refusal(
        "scope",
        "An expected scope is no answer",
        "A subject is in scope, out of it, or nobody knows yet.",
        "Write yes, no or undetermined.",
        "expect: { above: { m: { in_scope: maybe } }",
        "expect: { above: { m: { finding: met } }",
    ),
    refusal(
        "range",
        "The high end of a range is below the low one",
        "Such a range holds no figure at all.",
        "Exchange the ends.",
        "operations: { low: 3 FLOP, high: 2 FLOP }",
        "operations: 2*10^25 FLOP",
    ),
    refusal(
        "until",
        "An end day stands before the first day, or where nothing ends by itself",
        "The stretch would hold no day. until is the first day on which it no longer holds.",
        "Give an until later than from, or write the event that ends it as its own line.",
        "until: 2025-05-01",
        "from: 2025-06-01",
    ),
    refusal(
        "basis",
        "A view rests on rows that cannot be measured",
        "What has happened is part of every view; commitments come on top.",
        "Write basis: [actual] or basis: [actual, committed].",
        "foreseen: { basis: [committed] }",
        "foreseen: { basis: [actual, committed] }",
    ),
    refusal(
        "after",
        "A period starts at the earliest and at the latest moment at once",
        "Nobody could say on which day it starts.",
        "Write after: { earliest: [...] } or after: { latest: [...] }.",
        "after: { earliest: [met], latest: [foreseen] }",
        "after: { earliest: [met, foreseen] }",
    ),
    refusal(
        "due",
        "A due date is not complete",
        "A period needs the moment from which it runs.",
        "Write within: with after:, or on: with a day of the law.",
        "due: { within: notice }",
        "due: { within: notice, after: { earliest: [met, foreseen] } }",
    ),
    refusal(
        "condition",
        "Two keys stand together of which one is wanted, or neither does",
        "A rule has one condition: when, or choose with cases.",
        "Keep one of the two keys that the message names.",
    ),
    refusal(
        "repeats",
        "A duty comes back in two ways, or in none",
        "Nobody could say on which day it is due again.",
        "Write repeats: { every: ... } with a period, or repeats: { days: ... } with days of the "
        "year.",
    ),
    refusal(
        "window",
        "A window of a grouping is of two kinds, or of none",
        "Which holdings are added up depends on it.",
        "Write window: { calendar: year }, or window: { between: [...] } with two days of the law.",
        "window: { calendar: year, between: [line, share] }",
        "window: { calendar: year }",
    ),
    refusal(
        "group",
        "A grouping does not begin with the subject, or names a key twice",
        "The subject of the rule is made by the grouping, so it is its first key.",
        "Write by: with the subject first and each key once.",
        "group: { by: [destination, company]",
        "group: { by: [company]",
    ),
    refusal(
        "expression-text",
        "An expression is written as a text",
        "No text is ever run as a formula, so that a rule file from a stranger can do nothing but "
        "be read.",
        "Write it as operators: { gt: [compute, line] }.",
        'when: "compute > line"',
        "when: { gt: [compute, line] }",
    ),
    refusal(
        "literal",
        "A number stands in a rule",
        "A number without a citation is nobody's law. In a rule every number has a name.",
        "Make it a parameter with its dates, citation and deciding words, and name it here.",
        "when: { gt: [compute, 10^25] }",
        "when: { gt: [compute, line] }",
    ),
)

# What the parts say together.
OF_SENSE: Final[tuple[Check, ...]] = (
    refusal(
        "type",
        "A number stands where a condition belongs, or the other way round",
        "line is no condition, and rule:modifier is no number.",
        "Compare the number with gt, ge, lt or le, or name a yes-or-no fact or a rule.",
        "when: line",
        "when: { gt: [compute, line] }",
    ),
    refusal(
        "unresolved",
        "A name leads nowhere",
        "A misspelt name would stay unknown for ever, and the rule undetermined.",
        "Write the name as it is declared; the message gives the nearest ones.",
        "when: { gt: [compute, lime] }",
        "when: { gt: [compute, line] }",
    ),
    refusal(
        "duplicate",
        "One id names two things",
        "A report or a deadline that names it could mean either.",
        "Rename one of them.",
        "- { id: tell, actor: provider, action: { en: Tell }, cite: { source: act } }",
        "- id: tell",
    ),
    refusal(
        "shadow",
        "A let hides a parameter or set of the same name",
        "A reader would take the local number for the figure of the law.",
        "Choose another name for the let.",
        "line: { sum: operations, counting: work, lineage: own }",
        "own: { sum: operations, counting: work, lineage: own }",
    ),
    refusal(
        "subject",
        "A rule asks something of the wrong kind of subject",
        "A model has no data centre and a developer no training of its own.",
        "Ask a fact of the subject of the rule, or ask its models through exists.",
        "when: cluster.single_datacenter",
        "when: { not: model.significant_generality }",
    ),
    refusal(
        "unknown-fact",
        "A fact is not in the vocabulary",
        "Nobody could record it, so the rule would stay undetermined for ever.",
        "Write the name that the vocabulary has; the message gives the nearest ones.",
        "when: { not: model.significant_generalty }",
        "when: { not: model.significant_generality }",
    ),
    refusal(
        "fact-type",
        "A fact is used as what it is not",
        "A set of modalities is neither true nor false, and a yes is no number.",
        "Use any-of for a set, a comparison for a quantity or day, the name alone for yes or no.",
        "when: model.output_modalities",
        "when: { not: model.significant_generality }",
    ),
    refusal(
        "fact",
        "A case states a fact that nobody could record",
        "The case would test something that no ledger can hold.",
        "Write a fact of the vocabulary with a value of its type.",
        "facts: { m: { model.significant_generality: maybe } }",
        "facts: { m: { model.significant_generality: yes",
    ),
    refusal(
        "value",
        "A value is not one that the fact can have",
        "The test could never hold.",
        "Write one of the values of the fact; the message gives the nearest ones.",
        "when: { any-of: [model.output_modalities, [txt]] }",
        "when: { not: model.significant_generality }",
    ),
    refusal(
        "unknown-counting",
        "A sum names a counting set that the file does not have",
        "Which work counts is the first question of every compute threshold.",
        "Name a counting set of the file.",
        "compute: { sum: operations, counting: wrk, lineage: cumulative }",
        "compute: { sum: operations, counting: work, lineage: cumulative }",
    ),
    refusal(
        "unknown-activity",
        "An activity is not in the vocabulary",
        "No record carries it, so nothing would ever be counted under it.",
        "Write an activity of the vocabulary; the message gives the nearest ones.",
        "naps: counted",
        "idle: counted",
    ),
    refusal(
        "unclassified",
        "A counting set says nothing of an activity",
        "Silence would decide a question of law without anyone having chosen.",
        "Write counted, excluded or { open: reading } for each activity.",
    ),
    refusal(
        "effect",
        "A reading cannot answer where it is asked",
        "Each alternative must say what it does at that place: counted or excluded, follow or "
        "stop, collapse or ancestor.",
        "Give each alternative an effect that fits.",
        "out: { title: { en: They do not } }",
        "out: { title: { en: They do not }, effect: excluded }",
    ),
    refusal(
        "overlap",
        "Two values hold on one day and became known on the same day",
        "Nobody could say which of them binds.",
        "Close the earlier with until, or say from when the later one was known.",
        "- from: 2026-01-01\n        known: 2025-01-10",
        "- from: 2025-06-01\n        known: 2025-01-10",
    ),
    refusal(
        "events",
        "An event is added and taken away at once",
        "What is added and taken away leaves nothing, whatever happened.",
        "Name each event under add: or under less:, not both.",
        "add: [received], less: [received]",
        "add: [installed], less: [removed]",
    ),
    refusal(
        "moment",
        "A period starts at a moment that never comes",
        "Without a foreseen view nothing is ever foreseen, and the date due never falls.",
        "Add views: { foreseen: { basis: [actual, committed] } }, or leave foreseen out.",
    ),
    refusal(
        "cycle",
        "Rules ask each other in a circle",
        "None of them could be decided before the others.",
        "Let one of them stand on facts and figures alone.",
        "when: rule:modifier",
        "when: { gt: [compute, line] }",
    ),
)
