"""``rules show`` is a memo: nothing of a rule file is left out, and every number has its words."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import create_model
from regimes import ROOT, SMALL, changed, packed_rules, shipped_pack, shipped_words, small

from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.rule import Obligation
from ledger.regime.scalar import Localised
from ledger.report.law import LawView
from ledger.report.law_document import law_document
from ledger.report.law_memo import law_memo
from ledger.report.law_parts import LawDocument, law_schema
from ledger.report.memo import Entry, Line, Memo, Section, memo_markdown, memo_table, memo_text

Run = Callable[..., Any]
ON = date(2026, 2, 1)
DIGEST = "0" * 64
REGIMES = load_cased(shipped_pack())
# Keys of a rule file under which stand words for a reader.
TOLD = {"question", "why", "text", "action", "content", "phrase", "note", "interpretation", "title"}
TOLD |= {"actor", "recipient", "cite", "at", "eli", "url"}


def document(
    regime: CasedRegime,
    on: date = ON,
    known: date | None = None,
    readings: dict[str, str] | None = None,
) -> LawDocument:
    """Return the document of a regime."""
    view = LawView.of(regime, on, known, readings)
    return law_document(view, shipped_words(), DIGEST)


def text(regime: CasedRegime, on: date = ON, **asked: Any) -> str:
    """Return the memo of a regime as one long line of text."""
    return " ".join(
        memo_text(law_memo(document(regime, on, **asked)), width=None, color=False).split()
    )


def entry(regime: CasedRegime, title: str, on: date = ON, **asked: Any) -> dict[str, str]:
    """Return the lines of the entry whose title begins so, by label."""
    memo = law_memo(document(regime, on, **asked))
    (found,) = (e for s in memo.sections for e in s.entries if e.title.startswith(title))
    return {line.label: line.text for line in found.lines}


def words(value: object, key: str = "") -> Iterator[str]:
    """Yield the words for a reader in a rule file that was dumped."""
    if isinstance(value, str):
        if key in TOLD:
            yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from words(item, key if name == "en" else name)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from words(item, key)


@pytest.mark.parametrize("name", sorted(REGIMES))
def test_memo_leaves_nothing_of_a_rule_file_out(name: str) -> None:
    regime = REGIMES[name]
    held = regime.model_dump(mode="json", exclude={"cases"})
    memo = law_memo(document(regime, date(2026, 11, 22)))
    markdown = html.unescape(re.sub(r"\\(.)", r"\1", memo_markdown(memo)))
    plain = " ".join(memo_text(memo, width=None, color=False).split())
    for said in words(held):
        flat = " ".join(said.split())
        assert flat in markdown, flat
        assert flat in plain, flat
    for name_ in (*regime.parameters, *regime.readings, *regime.counting, *regime.sources):
        assert name_ in plain
    for activity in shipped_words().activities.values():
        assert activity.title["en"] in plain or not regime.counting
    assert DIGEST in plain


@pytest.mark.parametrize("name", sorted(REGIMES))
def test_memo_fits_eighty_columns(name: str) -> None:
    memo = law_memo(document(REGIMES[name]))
    lines = memo_text(memo, width=80, color=False).splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize("name", sorted(REGIMES))
def test_memo_document_follows_its_schema(name: str) -> None:
    found = document(REGIMES[name], known=date(2025, 1, 25)).model_dump(mode="json", by_alias=True)
    jsonschema.Draft202012Validator(law_schema()).validate(found)


def test_memo_published_schema_is_the_one_the_models_give() -> None:
    path = ROOT / "schemas" / "rules-show.v2.schema.json"
    written = json.dumps(law_schema(), indent=2, ensure_ascii=False) + "\n"
    assert path.read_text("utf-8") == written, "write it again: python tests/regenerate.py"


def test_memo_puts_the_words_of_the_law_beside_each_number() -> None:
    found = entry(small(), "10^25 FLOP (line)")
    assert found[""].startswith("caught when greater than this; an amount exactly equal")
    assert found["stands in"] == "Small Act 2025, s. 2"
    assert found["binds"] == "from 2025-06-01 on; known from 2025-01-10"
    assert found["provenance"] == "verified, read in the source"
    assert "“greater than”" in text(small())
    assert entry(small(), "14 days (notice)")["provenance"].startswith("FROM MEMORY")


@pytest.mark.parametrize(
    ("condition", "phrase", "said"),
    [
        ("gt", "greater than", "an amount exactly equal to it is not caught"),
        ("ge", "at least", "caught from this on; an amount exactly equal to it is caught"),
        ("lt", "less than", "caught when less than this"),
        ("le", "at most", "caught up to this"),
    ],
)
def test_memo_says_whether_the_line_itself_is_caught(
    condition: str, phrase: str, said: str
) -> None:
    regime = small(
        SMALL.replace("when: { gt: [compute, line] }", f"when: {{ {condition}: [compute, line] }}")
        .replace("phrase: greater than }", f"phrase: {phrase} }}")
        .replace("{ gt: [own, { mul: [share, line] }] }", "{ gt: [own, { mul: [share, behind] }] }")
    )
    assert said in text(regime)


def test_memo_shows_every_value_of_a_figure_with_its_days() -> None:
    later = changed(
        "        known: 2025-01-10\n        value: 10^25 FLOP\n"
        "        cite: { source: act, at: s. 2, phrase: greater than }\n",
        "        until: 2026-01-01\n        known: 2025-01-10\n        value: 10^25 FLOP\n"
        "        cite: { source: act, at: s. 2, phrase: greater than }\n"
        "        provenance: verified\n"
        "      - from: 2026-01-01\n        known: 2026-06-01\n        value: 10^26 FLOP\n"
        "        retroactive: It reaches back.\n"
        "        cite: { source: repeal, at: s. 7, phrase: more than }\n",
    )
    regime = small(later)
    now = entry(regime, "10^26 FLOP (line)")
    assert now["before"] == "10^25 FLOP"
    assert now["for the past"] == "It reaches back."
    assert entry(regime, "10^25 FLOP (line)", date(2025, 7, 1))["later"] == "10^26 FLOP"
    earlier = entry(regime, "no value on the day (line)", known=date(2026, 5, 31))
    assert (earlier["before"], "later" in earlier) == ("10^25 FLOP", False)
    assert "10^26" not in text(regime, known=date(2026, 5, 31))


def test_memo_says_rules_in_sentences() -> None:
    found = entry(small(), "Above the line (above)")
    assert found["asked of"] == "each model"
    assert found["met if"] == "compute is greater than 10^25 FLOP (line)"
    assert found["where compute is"].startswith("operations of the model and of all that it was")
    assert found["exception narrow"] == "Small Act 2025"
    assert found["if"] == "model.significant_generality is no"
    assert found["looks at"].startswith("commitments and plans count")
    nested = SMALL.replace(
        "when: { gt: [compute, line] }",
        'when: { any: [{ gt: [compute, line] }, { not: { all: ["rule:modifier", '
        '"reading:rollouts=in", { not: { le: [compute, line] } }] } }, '
        "{ not: { any-of: [model.output_modalities, [text]] } }] }",
    )
    said = text(small(nested))
    for part in (
        "met if: at least one of these: - compute is greater than 10^25 FLOP (line)",
        "- not all of these: - the rule modifier is met - the reading rollouts is in",
        "- the reading rollouts is in - compute is greater than 10^25 FLOP (line)",
        "- model.output_modalities has none of: text",
    ):
        assert part in said
    chosen = text(small())
    assert "met if: in the case that model.base_compute_obtainable is yes" in chosen
    assert "- then it is met if own is greater than 1/3 (share) × behind" in chosen
    assert "or: in the case that model.base_compute_obtainable is no" in chosen


def test_memo_groups_what_counts_and_names_the_reading() -> None:
    found = entry(small(), "Work that trains (work)")
    assert "Pre-training" in found["counted"].split("; ")
    assert "Reinforcement learning rollout" not in found["counted"]
    assert found["left out"] == "integer operations"
    assert found[""] == "Reinforcement learning rollout: counted, by the reading rollouts"
    made = "followed where derived, merged, initialised; not followed where distilled"
    assert found["what it was made from"] == made
    other = entry(small(), "Work that trains (work)", readings={"rollouts": "out"})
    assert other[""] == "Reinforcement learning rollout: left out, by the reading rollouts"


def test_memo_gives_each_open_question_with_the_answer_taken_and_the_others() -> None:
    found = entry(small(), "Do rollouts count (rollouts)")
    assert found["taken"] == "They count (in: counted)"
    assert found["or"] == "They do not (out: left out)"
    assert found["why the default"] == "The act is silent."
    assert found["bears on"] == "counting set work"
    other = entry(small(), "Do rollouts count (rollouts)", readings={"rollouts": "out"})
    assert other["taken, against the default"] == "They do not (out: left out)"
    assert other["or"] == "They count (in: counted)"


def test_memo_gives_obligations_with_recipient_clock_and_content() -> None:
    found = entry(REGIMES["eu.aia"], "Notify that the requirement is met", date(2026, 11, 22))
    assert found["to whom"] == "European Commission (AI Office)"
    assert found["when"] == (
        "within 14 days (notification-period) after the earliest of: the day on which it is met, "
        "the day on which it is foreseen"
    )
    assert found["only where"] == "model.placed_on_market_on ≥ legacy-cutoff"
    assert found["stands in"] == "Regulation (EU) 2024/1689, Art. 52(1)"
    assert "compute estimate in FLOP to two significant figures" in text(REGIMES["eu.aia"])


def test_memo_tells_how_long_records_are_kept_and_when_a_duty_comes_back() -> None:
    on = date(2026, 11, 22)
    kept = entry(REGIMES["eu.aia"], "Appoint by written mandate", on)
    assert kept["when"] == "by model.placed_on_market_on"
    assert kept["keep for"] == "10 years (documentation-retention)"
    assert not {"before", "ahead"} & kept.keys()
    notice = entry(REGIMES["us.diffusion.veu"], "Notify the data centre before any export", on)
    assert notice["when"] == "180 days (new-site-notice) before site.first_delivery_on"
    yearly = entry(REGIMES["us.diffusion.veu"], "Report, for each facility", on)
    assert yearly["repeats"] == "each year on 02-01 and 08-01 (account-days)"
    interval = entry(REGIMES["us.ny.raise.2026"], "Review the frontier AI framework", on)
    assert interval["repeats"] == "every 1 year (framework-review-period)"


def test_memo_tells_fields_of_an_obligation_that_it_does_not_know() -> None:
    wider = create_model(
        "Wider",
        __base__=Obligation,
        repeats=(str | None, None),
        lasts=(Localised | None, None),
        silent=(str | None, None),
    )
    regime = small()
    (duty,) = regime.rules[0].obligations
    known = {n: getattr(duty, n) for n in type(duty).model_fields if n != "repeats"}
    held = wider(**known, repeats="each 3 months", lasts={"en": "until it is withdrawn"})
    rule = regime.rules[0].model_copy(update={"obligations": (held,)})
    found = entry(regime.model_copy(update={"rules": (rule, *regime.rules[1:])}), "Tell the office")
    assert found["repeats"] == "each 3 months"
    assert found["lasts"] == "until it is withdrawn"
    assert "silent" not in found


def test_memo_says_which_facts_somebody_has_to_state() -> None:
    on = date(2026, 11, 22)
    found = entry(REGIMES["eu.aia"], "model.output_modalities", on)
    assert found["asked by"] == "gpai-indicative"
    assert found["if nobody states it"] == "it stays unknown"
    assert found["is"].startswith("one or more of: text, audio_speech")
    modified = entry(REGIMES["eu.aia"], "model.is_modification", on)
    assert modified["if nobody states it"].startswith("read off the recorded lineage")
    rebutted = entry(REGIMES["eu.aia"], "model.systemic_risk_rebutted", on)
    assert rebutted["asked by"] == "open-source-exemption, gpaisr-presumption"
    rate = entry(REGIMES["us.eo14110"], "cluster.fabric_rate", on)
    assert rate["is"].startswith("a number with its unit, such as ")


def test_memo_of_an_earlier_day_hides_what_came_later() -> None:
    said = text(REGIMES["eu.aia"], date(2025, 8, 2), known=date(2024, 12, 31))
    assert "as known on 2024-12-31" in said
    assert "not published by then, and left out: rule gpai-indicative, rule modifier" in said
    assert "C(2025) 5045" not in said
    assert "10^23" not in said
    assert "2026-07-24" not in said
    whole = text(REGIMES["eu.aia"], date(2025, 8, 2))
    assert "left out: rule" not in whole


def standing(on: date) -> dict[str, str]:
    """Return where the small regime stands, by label."""
    memo = law_memo(document(small(), on))
    (found,) = memo.sections[0].entries
    return {line.label: line.text for line in found.lines}


def test_memo_tells_where_the_law_stands_and_what_happened() -> None:
    found = standing(date(2026, 2, 1))
    assert found["law"] == "in force, since 2025-06-01 (Small Act 2025, s. 9)"
    assert found["enforcement"] == "enforced, from 2026-01-01 on"
    assert found["rule file"] == "draft; compared with the text of the law by nobody yet"
    ended = standing(date(2027, 2, 1))
    assert ended["law"].startswith("rescinded, since 2027-01-01 (Repeal Act 2026")
    assert standing(date(2024, 1, 1))["law"].startswith("nothing of it was published")


def test_memo_as_markdown_escapes_what_would_be_markup() -> None:
    lines = (
        Line("l", "1\n# two\x1b[31m"),
        Line("", "> q", quoted=True),
        *(Line("", word) for word in ("# no heading", "1. no list", "--- no rule", "2026-01-01")),
    )
    hostile = Memo(
        "<b>*x*</b>",
        ("[a](javascript:b) & `c`",),
        (Section("S", (Entry("E", lines),)),),
        (),
    )
    shown = memo_markdown(hostile)
    assert shown.splitlines()[0] == "# &lt;b&gt;\\*x\\*&lt;/b&gt;"
    assert "\\[a](javascript:b) &amp; \\`c\\`" in shown
    assert "- **l:** 1 # two\\\\x1b\\[31m" in shown
    assert "\n> &gt; q\n" in shown
    assert "- \\# no heading\n- 1\\. no list\n- \\--- no rule\n- 2026-01-01\n" in shown
    assert "\x1b" not in memo_text(hostile, width=80, color=False)


def test_memo_as_a_grid_has_a_row_for_every_line() -> None:
    memo = law_memo(document(small()))
    table = memo_table(memo)
    lines = [line for s in memo.sections for e in s.entries for line in e.lines]
    assert len(table.rows) == len(lines)
    assert ("Rules", "Above the line (above)", "asked of", "0", "each model") in table.rows


@pytest.mark.parametrize(
    ("form", "start"),
    [("markdown", "# EU AI Act"), ("table", "EU AI Act"), ("csv", "section,entry"), ("json", "{")],
)
def test_rules_show_has_every_form(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch, form: str, start: str
) -> None:
    Path("law.json").write_bytes(packed_rules())
    monkeypatch.setenv("FLOPLEDGER_RULES", "law.json")
    ran = flopledger("rules", "show", "eu.aia", "-f", form)
    assert (ran.code, ran.out.startswith(start)) == (0, True)
    assert ran.out == flopledger("rules", "show", "eu.aia", "-f", form).out
    endings = {"markdown": "m.md", "table": "m.txt", "csv": "m.csv", "json": "m.json"}
    assert flopledger("rules", "show", "eu.aia", "-o", endings[form]).code == 0
    assert Path(endings[form]).read_text("utf-8") == ran.out
