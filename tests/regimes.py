"""A small regime for tests: it loads, lint finds nothing in it, and one change makes it wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ledger.pack import Pack, packed_bytes, read_pack
from ledger.regime.cased import CasedRegime, load_regime
from ledger.regime.diagnosis import Flaw
from ledger.regime.vocabulary import ACTIVITIES, Vocabulary, load_vocabulary
from ledger.yamltree import parse_tree

ROOT = Path(__file__).resolve().parent.parent
FILE = "regimes/xx/xx.small.yaml"
_COUNTED = "\n".join(f"      {name}: counted" for name in ACTIVITIES if name != "rl_rollout")

SMALL = f"""\
schema: regime/1
id: xx.small
title: {{ en: Small Act }}
jurisdiction: XX
review: {{ state: draft, encoded_by: tests }}
sources:
  act: {{ cite: Small Act 2025, published: 2025-01-10, binding: law }}
  repeal: {{ cite: Repeal Act 2026, published: 2026-06-01, binding: law }}
lifecycle:
  - {{ on: 2024-11-01, event: proposed, known: 2024-11-01, cite: {{ source: act }} }}
  - {{ on: 2025-01-10, event: enacted, cite: {{ source: act }} }}
  - {{ on: 2025-03-01, event: enters_force, cite: {{ source: act, at: s. 9 }} }}
  - {{ on: 2025-06-01, event: applies, cite: {{ source: act, at: s. 9 }} }}
  - {{ on: 2027-01-01, event: rescinded, cite: {{ source: repeal, at: s. 1 }} }}
enforcement:
  - {{ from: 2025-06-01, until: 2026-01-01, stance: grace_period }}
  - {{ from: 2026-01-01, stance: enforced }}
parameters:
  line:
    dimension: operations
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 10^25 FLOP
        cite: {{ source: act, at: s. 2, phrase: greater than }}
        provenance: verified
  share:
    dimension: ratio
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 1/3 ratio
        cite: {{ source: act, at: s. 3, phrase: more than a third }}
        provenance: secondary
  notice:
    dimension: duration
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 14 day
        cite: {{ source: act, at: s. 4, phrase: within two weeks }}
        provenance: memory
counting:
  work:
    title: {{ en: Work that trains }}
    cite: {{ source: act, at: s. 5 }}
    operation_kinds: {{ float: counted, integer: excluded, unknown: counted }}
    activities:
      rl_rollout: {{ open: rollouts }}
{_COUNTED}
    lineage:
      relations: {{ derived: follow, merged: follow, initialised: follow, distilled: stop }}
      same_provider: collapse
readings:
  rollouts:
    question: {{ en: Do rollouts count }}
    default: "in"
    alternatives:
      in: {{ title: {{ en: They count }}, effect: counted }}
      out: {{ title: {{ en: They do not }}, effect: excluded }}
    why: The act is silent.
rules:
  - id: above
    title: {{ en: Above the line }}
    subject: model
    effect: presumption
    cite: {{ source: act, at: s. 2 }}
    let:
      compute: {{ sum: operations, counting: work, lineage: cumulative }}
    when: {{ gt: [compute, line] }}
    unless:
      - {{ id: narrow, when: {{ not: model.significant_generality }}, cite: {{ source: act }} }}
    views: {{ actual: {{ basis: [actual] }}, foreseen: {{ basis: [actual, committed] }} }}
    obligations:
      - id: tell
        actor: provider
        action: {{ en: Tell the office }}
        due: {{ within: notice, after: {{ earliest: [met, foreseen] }} }}
        cite: {{ source: act, at: s. 4 }}
  - id: modifier
    title: {{ en: Modifier }}
    subject: model
    effect: indication
    cite: {{ source: act, at: s. 3 }}
    let:
      own: {{ sum: operations, counting: work, lineage: own }}
      behind: {{ sum: operations, counting: work, lineage: base }}
    choose:
      - case: model.base_compute_obtainable
        then: {{ gt: [own, {{ mul: [share, behind] }}] }}
      - case: {{ not: model.base_compute_obtainable }}
        then: {{ gt: [own, {{ mul: [share, line] }}] }}
cases:
  - name: over
    law: {{ in_force_on: 2026-02-01 }}
    training: [{{ model: m, operations: 2*10^25 FLOP, on: 2026-01-05 }}]
    facts: {{ m: {{ model.significant_generality: yes, model.base_compute_obtainable: no }} }}
    expect: {{ above: {{ m: {{ finding: met }} }}, modifier: {{ m: {{ finding: met }} }} }}
  - name: under
    law: {{ in_force_on: 2026-02-01 }}
    training:
      - {{ model: m, operations: 10^25 FLOP, on: 2026-01-05 }}
      - {{ model: n, operations: 10^24 FLOP, on: 2026-01-05 }}
    facts: {{ n: {{ model.base_compute_obtainable: no }} }}
    expect: {{ above: {{ m: {{ finding: not_met }} }}, modifier: {{ n: {{ finding: not_met }} }} }}
  - name: nobody knows
    law: {{ in_force_on: 2026-02-01 }}
    training: [{{ model: m, operations: unknown, on: 2026-01-05 }}]
    expect:
      above: {{ m: {{ finding: undetermined }} }}
      modifier: {{ m: {{ finding: undetermined }} }}
  - name: before it applied
    law: {{ in_force_on: 2025-05-01 }}
    training: [{{ model: m, operations: 3*10^25 FLOP, on: 2025-04-01 }}]
    expect:
      above: {{ m: {{ in_scope: no, finding: none }} }}
      modifier: {{ m: {{ in_scope: no, finding: none }} }}
"""


@cache
def shipped_pack() -> Pack:
    """Return the rules of the checkout, from its pack while that is not older than a file."""
    return read_pack(ROOT / "rules")


@cache
def packed_rules() -> bytes:
    """Return the rules of the checkout as a pack file."""
    return packed_bytes(ROOT / "rules")


@cache
def shipped_words() -> Vocabulary:
    """Return the vocabulary of the checkout."""
    return load_vocabulary(shipped_pack())


def changed(old: str, new: str, *, text: str = SMALL) -> str:
    """Return the small regime with one text replaced, which must stand there exactly once."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def load(text: str) -> tuple[CasedRegime | None, tuple[Flaw, ...]]:
    """Load a regime from its text."""
    return load_regime(FILE, parse_tree(text, where=FILE), shipped_words())


def small(text: str = SMALL) -> CasedRegime:
    """Return the regime of a text that must load."""
    regime, flaws = load(text)
    assert regime is not None, flaws
    return regime
