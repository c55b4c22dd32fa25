"""The form of rule files: what they say never changes, comments stay, and twice is once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from regimes import ROOT, SMALL

from ledger.errors import RuleError
from ledger.regime import form
from ledger.regime.form import formatted
from ledger.regime.markup import Entry, Group
from ledger.yamltree import parse_tree

SERVER = "# yaml-language-server: $schema="
SHIPPED = sorted((ROOT / "rules").rglob("*.yaml"))
CORPUS = sorted((ROOT / "tests" / "lint").rglob("bad.yaml"))
# The hostile files that are odd as texts; what is odd in the others is what they say.
ODD = """
a-list anchor colon-in-a-text colon-without-quotes comma-in-flow-title directive duplicate-key
endless-text expression-string half-a-character list-as-a-key merge-key nested-without-end not-yaml
only-a-comment python-string tag two-operators
"""
CORPUS += [ROOT / "tests" / "hostile" / "rules" / f"{name}.yaml" for name in ODD.split()]


def refusal_of(run: Callable[[], object]) -> tuple[str, int | None] | None:
    """Return kind and line of the mistake for which a file is refused, or None."""
    try:
        run()
    except RuleError as error:
        return error.kind, error.line
    return None


def form_of(text: str, where: str = "x.yaml") -> str:
    """Return a text in the one form, after looking that it says the same and is stable."""
    result = formatted(text, where=where)
    assert parse_tree(result, where="x") == parse_tree(text, where="x")
    assert formatted(result, where=where) == result
    return result


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_form_shipped_rule_files_are_in_it(path: Path) -> None:
    text = path.read_text("utf-8")

    def find(name: str) -> str:
        depth = len(path.relative_to(ROOT).parts) - 1
        return f"{'../' * depth}schemas/{name}"

    where = path.relative_to(ROOT).as_posix()
    assert formatted(text, where=where, find=find) == text, "run: flopledger rules fmt rules"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: "-".join(path.parts[-2:]))
def test_form_of_every_file_at_hand_says_the_same(path: Path) -> None:
    text = path.read_text("utf-8")
    refused = refusal_of(lambda: parse_tree(text, where="x"))
    assert refusal_of(lambda: formatted(text, where="x")) == refused
    if refused is None:
        form_of(text, path.as_posix())


EXAMPLES = {
    "blanks and indentation": ("a:   1\nb:\n    c:  2\n", "a: 1\nb:\n  c: 2\n"),
    "lists are set in": ("a:\n- 1\n- 2\n", "a:\n  - 1\n  - 2\n"),
    "brackets that fit stay": ("a: {b: 1,c: [2,3]}\n", "a: { b: 1, c: [2, 3] }\n"),
    "what is no bracket stays": ("a:\n  b: 1\n", "a:\n  b: 1\n"),
    "brackets over several lines": ("a: [1,\n  2]\n", "a: [1, 2]\n"),
    "brackets too long": (
        f"a: {{ b: {'x' * 50}, c: {'y' * 50} }}\n",
        f"a:\n  b: {'x' * 50}\n  c: {'y' * 50}\n",
    ),
    "brackets exactly at the width": (
        f"a: [{'x' * 48}, {'y' * 45}]\n",
        f"a: [{'x' * 48}, {'y' * 45}]\n",
    ),
    "brackets one above it": (
        f"a: [{'x' * 48}, {'y' * 46}]\n",
        f"a:\n  - {'x' * 48}\n  - {'y' * 46}\n",
    ),
    "only the outer bracket": (
        f"a: [{{ b: {'x' * 40} }}, {{ b: {'y' * 50} }}]\n",
        f"a:\n  - {{ b: {'x' * 40} }}\n  - {{ b: {'y' * 50} }}\n",
    ),
    "empty ones": ("a: {  }\nb: [ ]\nc:\n", 'a: {}\nb: []\nc: ""\n'),
    "lists in lists": ("- [a]\n-\n  - b\n  - - c\n    - d\n", "- [a]\n- - b\n  - - c\n    - d\n"),
    "quotes that nobody needs": (
        'a: "x y"\nb: \'x, y\'\nc: ["Art. 1(2)"]\n"d": 1\n',
        "a: x y\nb: x, y\nc: [Art. 1(2)]\nd: 1\n",
    ),
    "quotes that are needed": (
        "a: 'x: y'\nb: [\"x, y\"]\nc: ' x'\nd: '# x'\ne: ['is it?']\ng: '- x'\nh: 'x #y'\n",
        'a: "x: y"\nb: ["x, y"]\nc: " x"\nd: "# x"\ne: ["is it?"]\ng: "- x"\nh: "x #y"\n',
    ),
    "quotes that a reader needs": (
        'a: "yes"\nb: \'10\'\nc: "rule:x"\nd: "2025-08-02"\ne: \'null\'\nf: "1e25"\n',
        'a: "yes"\nb: "10"\nc: "rule:x"\nd: "2025-08-02"\ne: "null"\nf: "1e25"\n',
    ),
    "no quotes where none were": (
        "a: yes\nb: 10\nc: rule:x\nd: 2025-08-02\ne: 10^25 FLOP\n",
        "a: yes\nb: 10\nc: rule:x\nd: 2025-08-02\ne: 10^25 FLOP\n",
    ),
    "what cannot be seen": ('a: "x\\ty\\x01"\nb: "\\u2028"\n', 'a: "x\\ty\\x01"\nb: "\\u2028"\n'),
    "long texts are folded": (
        f"a: {'word ' * 25}end\n",
        f"a: >-\n  {('word ' * 19).strip()}\n  {('word ' * 6)}end\n",
    ),
    "texts exactly at the width and one above": (
        f"a: {'x' * 49} {'y' * 47}\nb: {'x' * 49} {'y' * 48}\n",
        f"a: {'x' * 49} {'y' * 47}\nb: >-\n  {'x' * 49} {'y' * 48}\n",
    ),
    "folded exactly at the width": (
        f"a: {'x' * 49} {'y' * 48} z\nb: {'x' * 49} {'y' * 49} z\n",
        f"a: >-\n  {'x' * 49} {'y' * 48}\n  z\nb: >-\n  {'x' * 49}\n  {'y' * 49} z\n",
    ),
    "folded texts are folded again": ("a: >-\n  one\n  two\n", "a: one two\n"),
    "paragraphs stay": ("a: >\n  one\n\n  two\nb: 1\n", "a: >\n  one\n\n  two\nb: 1\n"),
    "lines stay": ("a: |\n    one\n     two\n\n    three\n", "a: |\n  one\n   two\n\n  three\n"),
    "lines in quotes": ('a: "one\\ntwo"\n', "a: |-\n  one\n  two\n"),
    "lines that end blank": ('a: "one \\ntwo"\n', 'a: "one \\ntwo"\n'),
    "a word too long for any line": (f"a: {'x' * 120}\n", f"a: {'x' * 120}\n"),
    "blank lines": ("\n\na: 1\n\n\n\nb:\n\n  c: 1\n\n", "a: 1\n\nb:\n  c: 1\n"),
    "document marks and line ends": ("---\r\na: 1\r\nb: >-\r\n  x\r\n  y\r\n", "a: 1\nb: x y\n"),
    "one text": ("'x'\n", "x\n"),
    "a list": ("[a, b]\n", "[a, b]\n"),
    "keys too long for a question": ("? a\n: 1\n", "a: 1\n"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_form_of_examples(name: str) -> None:
    before, after = EXAMPLES[name]
    assert form_of(before) == after


COMMENTED = """\
# the file
# goes on

# before a
a: 1   # beside a
b:     # beside b
    # before c
    c: { d: 1, e: [x, y] }     # beside c

    # at the end of b
    # and further

# before f
f:
- x    # beside x
# before y
- y
-   # beside the entry
  k: 1
  # before l
  l: 2
g: [   # beside g
  p,   # beside p
  # before q
  q,
  # at the end of g
]      # after g
h: >-  # beside h
  folded
  text
m:     # beside m
  - n
i: 'quoted # no comment'    # beside i
# at the end
"""
COMMENTED_FORM = """\
# the file
# goes on

# before a
a: 1   # beside a
b:     # beside b
  # before c
  c: { d: 1, e: [x, y] }       # beside c

  # at the end of b
  # and further

# before f
f:
  - x  # beside x
  # before y
  - y
  # beside the entry
  - k: 1
    # before l
    l: 2
# after g
g:     # beside g
  - p  # beside p
  # before q
  - q
  # at the end of g
h: folded text  # beside h
m:     # beside m
  - n
i: "quoted # no comment"    # beside i
# at the end
"""


def test_form_keeps_comments_where_they_stand() -> None:
    assert form_of(COMMENTED) == COMMENTED_FORM


def test_form_orders_keys_as_the_model_does_with_their_comments() -> None:
    text = """\
id: xx.small
schema: regime/1
parameters:
  zeta:
    # the values
    values:
      - provenance: verified
        # from when
        from: 2025-06-01
        cite: { phrase: x, source: act }
        value: 10^25 FLOP
        known: 2025-01-10
    dimension: operations
  alpha: { values: [], dimension: count }
rules:
  - when: { exists: { view: actual, such-that: { gt: [a, b] }, of: developer.models } }
    let: { z: { lineage: own, sum: operations, counting: c }, a: b }
    id: r
    surprise: 1
cases:
  - expect: { r: { m: { in_scope: no, finding: met }, k: { due: { z: 1, a: 2 }, finding: met } } }
    facts: { m: { model.z: yes, model.a: { until: 1, value: 2 } } }
    training: [{ on: 1, operations: { high: 2, low: 1 }, model: m }]
    name: one
"""
    assert form_of(text) == """\
schema: regime/1
id: xx.small
parameters:
  zeta:
    dimension: operations
    # the values
    values:
      # from when
      - from: 2025-06-01
        known: 2025-01-10
        value: 10^25 FLOP
        cite: { source: act, phrase: x }
        provenance: verified
  alpha: { dimension: count, values: [] }
rules:
  - id: r
    let: { z: { sum: operations, counting: c, lineage: own }, a: b }
    when: { exists: { of: developer.models, such-that: { gt: [a, b] }, view: actual } }
    surprise: 1
cases:
  - name: one
    training: [{ model: m, operations: { low: 1, high: 2 }, on: 1 }]
    facts: { m: { model.z: yes, model.a: { value: 2, until: 1 } } }
    expect: { r: { m: { finding: met, in_scope: no }, k: { finding: met, due: { z: 1, a: 2 } } } }
"""  # fmt: skip


def test_form_of_facts_orders_by_its_path_only() -> None:
    text = "model.z: { type: boolean, subject: model }\nmodel.a: { type: date, subject: model }\n"
    after = "model.z: { subject: model, type: boolean }\nmodel.a: { subject: model, type: date }\n"
    assert form_of(text, "rules/vocabulary/facts.yaml") == after
    assert form_of(text, "facts.yaml") == text


def test_form_sets_the_line_for_the_editor() -> None:
    text = f"# first\n{SERVER}wrong.json\nid: x\nschema: regime/1\n"
    found = formatted(text, where="x", find=lambda name: f"../schemas/{name}")
    assert found.startswith(f"{SERVER}../schemas/regime.v1.schema.json\n# first\nschema:")
    assert formatted(text, where="x").startswith(f"{SERVER}wrong.json\n# first\n")
    assert SERVER not in formatted("a: 1\n", where="x", find=lambda name: name)
    assert formatted("\ufeff" + SMALL, where="x") == formatted(SMALL, where="x")


def test_form_that_would_change_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good = form.written
    for wrong in (
        lambda entry: good(entry).replace("10^25", "10^26"),
        lambda entry: good(entry).replace("  share:\n", "  # gone\n  share:\n"),
        lambda entry: good(entry).replace("id: xx.small\n", "") + "id: xx.small\n",
    ):
        monkeypatch.setattr(form, "written", wrong)
        with pytest.raises(RuleError, match="without changing it"):
            formatted(SMALL, where="x")


def test_form_whose_order_loses_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good = form.reordered

    def losing(entry: Entry, kind: object) -> Entry:
        found = good(entry, kind)
        assert isinstance(found.value, Group)
        kept = replace(found.value, entries=found.value.entries[1:])
        return replace(found, value=kept)

    monkeypatch.setattr(form, "reordered", losing)
    with pytest.raises(RuleError, match="without changing it"):
        formatted(SMALL, where="x")
