"""Whether two conditions say the same: shown for every combination, or a witness given."""

from __future__ import annotations

import pytest
from regimes import SMALL, changed, small

from ledger.regime.cased import CasedRegime
from ledger.regime.likeness import Likeness, likenesses

CONDITION = "when: { gt: [compute, line] }"
A, B, C = "model.significant_generality", "model.is_modification", "model.same_provider_as_base"


def with_condition(condition: str) -> CasedRegime:
    """Return the small regime whose first rule has this condition."""
    return small(changed(CONDITION, f"when: {condition}"))


def likeness(old: str, new: str, changed_names: frozenset[str] = frozenset()) -> Likeness:
    """Compare two conditions of one rule."""
    (found,) = likenesses(with_condition(old), with_condition(new), changed_names)
    assert (found.rule, found.place) == ("above", "when")
    return found


TEXT, SPEECH = (f"any-of: [model.output_modalities, [{word}]]" for word in ("text", "audio_speech"))
SAME = {
    "mirrored": ("{ gt: [compute, line] }", "{ lt: [line, compute] }"),
    "contrary": ("{ not: { gt: [compute, line] } }", "{ le: [compute, line] }"),
    "de Morgan": (
        f"{{ not: {{ all: [{A}, {B}] }} }}",
        f"{{ any: [{{ not: {A} }}, {{ not: {B} }}] }}",
    ),
    "distributed": (
        f"{{ all: [{A}, {{ any: [{B}, {C}] }}] }}",
        f"{{ any: [{{ all: [{A}, {B}] }}, {{ all: [{C}, {A}] }}] }}",
    ),
    "one of a list": (
        "{ any-of: [model.output_modalities, [text, audio_speech]] }",
        f"{{ any: [{{ {SPEECH} }}, {{ {TEXT} }}] }}",
    ),
    "factors in another order": (
        "{ gt: [compute, { mul: [share, line] }] }",
        "{ gt: [compute, { mul: [line, share] }] }",
    ),
    "a let written out": (
        "{ gt: [compute, line] }",
        "{ gt: [{ sum: operations, counting: work, lineage: cumulative }, line] }",
    ),
}


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_likeness_of_two_ways_to_say_one_thing(old: str, new: str) -> None:
    found = likeness(old, new)
    assert found.answer == "equivalent", found
    assert found.witness == ()


@pytest.mark.parametrize(
    ("old", "new", "witness", "said"),
    [
        (
            "{ gt: [compute, line] }",
            "{ ge: [compute, line] }",
            ("line equals cumulative operations by work",),
            (False, True),
        ),
        (
            f"{{ all: [{A}, {B}] }}",
            f"{{ any: [{A}, {B}] }}",
            (f"{A}: yes", f"{B}: no"),
            (False, True),
        ),
        (f"{{ not: {A} }}", A, (f"{A}: yes",), (False, True)),
        (
            f"{{ all: [{A}, {{ any: [{B}, {C}] }}] }}",
            f"{{ all: [{A}, {B}] }}",
            (f"{A}: yes", f"{B}: no", f"{C}: yes"),
            (True, False),
        ),
    ],
)
def test_likeness_gives_a_witness_on_which_the_two_part(
    old: str, new: str, witness: tuple[str, ...], said: tuple[bool, bool]
) -> None:
    found = likeness(old, new)
    assert found.answer == "differs"
    assert (found.witness, found.old, found.new) == (witness, *said)


def test_likeness_leaves_out_of_a_witness_what_does_not_matter() -> None:
    found = likeness(f"{{ all: [{A}, {{ any: [{B}, {C}] }}] }}", f"{{ any: [{B}, {C}] }}")
    assert found.answer == "differs"
    assert found.witness in {(f"{A}: no", f"{B}: yes"), (f"{A}: no", f"{C}: yes")}


def test_likeness_says_where_only_the_unknown_parts_them() -> None:
    found = likeness(f"{{ any: [{A}, {{ not: {A} }}] }}", f"{{ any: [{B}, {{ not: {B} }}] }}")
    assert found.answer == "equivalent_when_known"
    assert (found.old, found.new) in {(True, None), (None, True)}
    assert any("unknown" in text for text in found.witness)


def test_likeness_of_a_scope_that_is_new_is_told_against_everything() -> None:
    scoped = small(SMALL.replace(f"    {CONDITION}", f"    scope: {A}\n    {CONDITION}"))
    (found,) = likenesses(small(), scoped, frozenset())
    assert (found.place, found.answer, found.witness) == ("scope", "differs", (f"{A}: no",))
    assert (found.old, found.new) == (True, False)


def test_likeness_names_what_means_something_else() -> None:
    found = likeness(
        "{ gt: [compute, line] }", "{ lt: [line, compute] }", frozenset({"line", "share", "work"})
    )
    assert found.answer == "equivalent"
    assert found.changed == ("line", "work")


def test_likeness_of_too_much_is_not_claimed() -> None:
    many = " ,".join(f"{{ gt: [compute, {{ mul: [{n}, line] }}] }}" for n in range(2, 14))
    found = likeness(f"{{ all: [{many}, {A}] }}", f"{{ all: [{A}, {many}] }}")
    assert found.answer == "not_tried"
    assert found.witness == ()


def test_likeness_of_cases_claims_nothing_about_the_unknown() -> None:
    text = changed(
        "      - case: model.base_compute_obtainable\n"
        "        then: { gt: [own, { mul: [share, behind] }] }\n"
        "      - case: { not: model.base_compute_obtainable }\n"
        "        then: { gt: [own, { mul: [share, line] }] }\n",
        "      - case: { not: model.base_compute_obtainable }\n"
        "        then: { gt: [own, { mul: [share, line] }] }\n"
        "      - case: model.base_compute_obtainable\n"
        "        then: { gt: [own, { mul: [share, behind] }] }\n",
    )
    (found,) = likenesses(small(), small(text), frozenset())
    assert (found.rule, found.answer) == ("modifier", "equivalent_when_known")
