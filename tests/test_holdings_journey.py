"""Devices held by others: recorded in confidence, checked by year and quarter, explained, named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import EVIDENCE, fact

from ledger.entry import Opening

Run = Callable[..., Any]
LPP = "us.diffusion.exceptions/lpp-limit"
NVEU = "us.diffusion.veu/nveu-allocation"
H100_TPP = 15_832
ACME, BOLT = "Acme Corp", "Bolt Holdings / Asia"


def held(quantity: int, parent: str | None, **changes: Any) -> dict[str, Any]:
    """Return a holding of H100 under Licence Exception LPP, received in India in March 2026."""
    hidden = {"consignee": "a subsidiary"}
    if parent is not None:
        hidden["ultimate_parent"] = parent
    return {
        "type": "holding",
        "device": "nvidia-h100-sxm5",
        "quantity": quantity,
        "headquarters": None,
        "destination": "IN",
        "event": "received",
        "authorisation": "LPP",
        "on": "2026-03-02",
        "evidence": EVIDENCE,
        "hidden": hidden,
        **changes,
    }


def about(name: str, kind: str, value: Any, company: str) -> dict[str, Any]:
    """Return a fact about a company by its own name."""
    return {"type": "fact", **fact(f"company:{company}", f"company.{name}", kind, value)}


def facts(company: str, headquarters: str = "DE") -> list[dict[str, Any]]:
    """Return what the rules ask of a company."""
    return [
        about("headquarters", "text", headquarters, company),
        about("lpp_year_with_others", "text", "below_limit", company),
        about("veu_authorisations", "set", ["national"], company),
    ]


@pytest.fixture
def ledger(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Record into a new ledger; gives back what the program said."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795435200")  # 2026-11-23T12:00:00Z
    assert flopledger("init", "--origin", "ledger.example/t").code == 0

    def record(*records: dict[str, Any]) -> Any:
        Path("r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
        return flopledger("record", "r.jsonl")

    return record


def shown(flopledger: Run, seq: int) -> dict[str, Any]:
    """Return one entry."""
    found: dict[str, Any] = json.loads(flopledger("show", str(seq), "-f", "json").out)
    return found


def reversal(flopledger: Run, seq: int) -> dict[str, Any]:
    """Return the record that reverses an entry."""
    entry = shown(flopledger, seq)
    return {
        "type": "reversal",
        "reverses": seq,
        "hash": entry["hash"],
        "reversed_type": entry["type"],
        "reversed": entry["body"],
        "reason": "wrong_amount",
        "root_cause": None,
        "discovered_on": None,
    }


def checked(flopledger: Run, rule: str, *options: str) -> dict[str, dict[str, Any]]:
    """Return the determinations of one rule by subject."""
    ran = flopledger("check", "--rule", rule, "-f", "json", *options)
    assert ran.code in {0, 1, 3}, ran.err
    return {each["subject"]: each for each in json.loads(ran.out)["determinations"]}


def pseudonym(flopledger: Run, seq: int, field: str = "ultimate_parent") -> str:
    """Return the stand-in that an entry has for a confidential name."""
    return str(shown(flopledger, seq)["body"][f"{field}_pseudonym"])


def test_holdings_are_added_up_by_company_and_year(ledger: Run, flopledger: Run) -> None:
    done = ledger(
        held(1_000, ACME),
        held(699, ACME, on="2026-05-04"),
        held(1, ACME, on="2026-06-01"),
        held(1_699, BOLT),
        held(1_699, ACME, on="2025-12-31"),
        *facts(ACME),
        *facts(BOLT),
    )
    assert done.code == 0, done.err
    acme, bolt = pseudonym(flopledger, 0), pseudonym(flopledger, 3)
    found = checked(flopledger, LPP)
    year = found[f"company:{acme}/2026"]
    assert (year["finding"], year["margin"]) == ("met", str(1_700 * H100_TPP - 26_900_000))
    assert year["met_on"] == {"earliest": "2026-06-01", "latest": "2026-06-01"}
    assert (year["law"], year["enforcement"]) == ("in_force", "not_enforced")
    below = str(26_900_000 - 1_699 * H100_TPP)
    for subject in (f"company:{acme}/2025", f"company:{bolt}/2026"):
        assert (found[subject]["finding"], found[subject]["margin"]) == ("not_met", below)


def test_holdings_that_are_reversed_no_longer_count(ledger: Run, flopledger: Run) -> None:
    ledger(held(1_699, ACME), held(1, ACME, on="2026-06-01"), *facts(ACME))
    subject = f"company:{pseudonym(flopledger, 0)}/2026"
    assert checked(flopledger, LPP)[subject]["finding"] == "met"
    assert ledger(reversal(flopledger, 1)).code == 0
    assert checked(flopledger, LPP)[subject]["finding"] == "not_met"
    then = checked(flopledger, LPP, "--recorded-by", "2026-11-23T11:00:00Z")
    assert subject not in then


def test_holdings_installed_and_removed_are_a_stock_by_quarter(
    ledger: Run, flopledger: Run
) -> None:
    here = {"event": "installed", "authorisation": "NVEU"}
    ledger(
        held(119_947, ACME, on="2026-01-15", **here),
        held(1, ACME, on="2026-03-01", **here | {"event": "removed"}),
        held(119_947, BOLT, on="2026-01-15", destination="BR", **here),
        *facts(ACME),
        *facts(BOLT),
    )
    acme, bolt = pseudonym(flopledger, 0), pseudonym(flopledger, 2)
    found = checked(flopledger, NVEU)
    # 119,946 times 15,832 TPP are below 1,899,000,000 TPP, and one more is above.
    quarter = found[f"company:{acme}/destination:IN/2026-Q1"]
    assert (quarter["finding"], quarter["threshold"]) == ("not_met", "1899000000")
    quarter = found[f"company:{bolt}/destination:BR/2026-Q1"]
    assert (quarter["finding"], quarter["met_on"]["latest"]) == ("met", "2026-01-15")
    assert found[f"company:{bolt}/destination:BR/2026-Q2"]["threshold"] == "2690250000"
    before = checked(flopledger, NVEU, "--as-of", "2026-02-28")
    assert before[f"company:{acme}/destination:IN/2026-Q1"]["finding"] == "met"


def test_holdings_of_nobody_leave_it_open_and_name_their_entry(
    ledger: Run, flopledger: Run
) -> None:
    ledger(held(1_699, ACME), held(1, None), *facts(ACME))
    subject = f"company:{pseudonym(flopledger, 0)}/2026"
    found = checked(flopledger, LPP)[subject]
    assert (found["finding"], found["missing"]) == ("undetermined", ["holding.company@holding:1"])


def test_holdings_that_leave_something_out_are_no_fact_to_fill_in(
    ledger: Run, flopledger: Run
) -> None:
    ledger(held(1_700, ACME, authorisation=None), *facts(ACME))
    done = flopledger("fact", "missing", "--rule", LPP, "-f", "json")
    (item,) = json.loads(done.out)["missing"]
    assert (item["name"], item["subject"]) == ("holding.authorisation", "holding:0")
    assert item["record"] is None
    assert "reverse entry 0" in item["values"]


def leaves(flopledger: Run) -> bytes:
    """Return the bytes of every leaf."""
    assert flopledger is not None
    with closing(sqlite3.connect("ledger.db")) as connection:
        return b"".join(row for (row,) in connection.execute("SELECT bytes FROM entries"))


def test_holdings_keep_the_names_of_their_parties_out_of_the_leaves(
    ledger: Run, flopledger: Run
) -> None:
    done = ledger(held(1, ACME), held(1, BOLT), *facts(ACME), *facts(BOLT))
    assert "note[pseudonym]" in done.err
    done = flopledger("fact", "set", f"company:{BOLT}", "company.headquartered_in_d5", "no")
    assert done.code == 0, done.err
    written = leaves(flopledger)
    assert b"Acme" not in written
    assert b"Bolt" not in written
    bolt = pseudonym(flopledger, 1)
    assert shown(flopledger, 8)["body"]["subject"] == f"company:{bolt}"
    assert f"recorded about company:{bolt}" in done.err
    again = flopledger("fact", "set", f"company:{BOLT}", "company.headquartered_in_d5", "no")
    assert "0 new, 1 same" in again.err
    assert flopledger("verify").code == 0


def test_holdings_come_first_where_a_name_is_confidential(ledger: Run, flopledger: Run) -> None:
    done = flopledger("fact", "set", "company:Crest", "company.headquarters", "DE")
    assert "note[in-the-open]: no holding names company:Crest" in done.err
    assert "record its holdings first" in done.err
    ledger(held(1, ACME))
    acme = pseudonym(flopledger, 0 + 1)
    plain = flopledger("fact", "set", f"company:{acme}", "company.headquarters", "DE")
    assert "note" not in plain.err
    assert shown(flopledger, 2)["body"]["subject"] == f"company:{acme}"


def test_holdings_are_asked_for_by_the_name_of_a_party(ledger: Run, flopledger: Run) -> None:
    ledger(held(1_700, ACME), held(1_699, BOLT), *facts(ACME), *facts(BOLT))
    acme, bolt = pseudonym(flopledger, 0), pseudonym(flopledger, 1)
    for name, expected in (
        (f"company:{ACME}", [f"company:{acme}/2026"]),
        (f"company:{BOLT}/2026", [f"company:{bolt}/2026"]),
        (f"company:{acme}", [f"company:{acme}/2026"]),
        (f"company:{acme}/2026", [f"company:{acme}/2026"]),
    ):
        assert list(checked(flopledger, LPP, "--subject", name)) == expected
    stranger = flopledger("check", "--rule", LPP, "--subject", "company:Crest")
    assert (stranger.code, "company:Crest" in stranger.err) == (3, True)


def test_holdings_show_names_to_the_owner_only(ledger: Run, flopledger: Run) -> None:
    ledger(held(1_700, ACME), *facts(ACME))
    acme = pseudonym(flopledger, 0)
    plain = flopledger("check", "--rule", LPP)
    assert ACME not in plain.out + plain.err
    named = flopledger("check", "--rule", LPP, "--names")
    assert named.code == plain.code == 1
    assert [f"company:{acme}", ACME] in [
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in named.out.split("\n")
    ]
    refused = flopledger("check", "--rule", LPP, "--names", "-f", "json")
    assert (refused.code, ACME in refused.out) == (2, False)
    Path("ledger.db.secret").rename("elsewhere")
    blind = flopledger("check", "--rule", LPP, "--names")
    assert (blind.code, ACME in blind.out) == (2, False)
    assert "secret" in blind.err
    asked = flopledger("check", "--rule", LPP, "--subject", f"company:{ACME}")
    assert asked.code == 3


def test_holdings_exchanged_openings_name_nobody(ledger: Run, flopledger: Run) -> None:
    ledger(held(1_700, ACME), held(1, BOLT), *facts(ACME))
    with closing(sqlite3.connect("ledger.db", isolation_level=None)) as connection:
        triggers = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        rows = connection.execute("SELECT seq, ord, bytes FROM openings WHERE seq < 2").fetchall()
        opened = {(seq, place): Opening.parse(stored) for seq, place, stored in rows}
        of_parent = {at: o for at, o in opened.items() if o.name == "ultimate_parent"}
        places = dict(list(of_parent))
        other = next(stored for seq, place, stored in rows if (seq, place) == (1, places[1]))
        connection.execute(
            "UPDATE openings SET bytes = ? WHERE seq = 0 AND ord = ?", (other, places[0])
        )
    bolt = pseudonym(flopledger, 1)
    with closing(sqlite3.connect("ledger.db")) as connection:
        (leaf,) = connection.execute("SELECT bytes FROM entries WHERE seq = 0").fetchone()
    acme = json.loads(leaf)["body"]["ultimate_parent_pseudonym"]
    named = flopledger("check", "--rule", LPP, "--names").out
    names = named[named.index("Names") :]
    assert f"company:{bolt}" in names
    assert f"company:{acme}" not in names


def explained(flopledger: Run, rule: str, subject: str, *options: str) -> Mapping[str, Any]:
    """Return the explanation of one determination."""
    ran = flopledger("explain", rule, subject, "-f", "json", *options)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_holdings_behind_a_total_are_explained_entry_by_entry(ledger: Run, flopledger: Run) -> None:
    ledger(
        held(1_700, ACME),
        held(5, ACME, authorisation="D1"),
        held(7, None),
        held(9, BOLT),
        held(11, ACME, on="2025-03-02"),
        held(3, ACME),
        *facts(ACME),
    )
    assert ledger(reversal(flopledger, 5)).code == 0
    found = explained(flopledger, LPP, f"company:{ACME}/2026")
    rows = {each["seq"]: each for each in found["holdings"]}
    assert {seq: row["counts"] for seq, row in rows.items()} == {0: True, 1: False, 2: None}
    assert rows[0]["amount"] == {"low": str(1_700 * H100_TPP), "high": str(1_700 * H100_TPP)}
    assert rows[2]["amount"] == {"low": "0", "high": str(7 * H100_TPP)}
    assert rows[2]["missing"] == ["holding.company@holding:2"]
    assert (rows[0]["total"], rows[0]["dimension"]) == ("received", "processing_performance")
    assert (rows[1]["devices"], rows[1]["authorisation"]) == ("5", "D1")
    root = next(tree for tree in found["reasons"] if tree["for"] == "condition")
    left = root["parts"][0]["operands"][0]
    low = sum(int(row["amount"]["low"]) for row in rows.values())
    high = sum(int(row["amount"]["high"]) for row in rows.values())
    assert (left["low"], left["high"]) == (str(low), str(high))
    assert explained(flopledger, LPP, f"company:{ACME}/2026", "--engine", "plain") == found
    table = flopledger("explain", LPP, f"company:{ACME}/2026").out
    assert "Holdings" in table
    assert "26,914,400 TPP" in table
    assert ACME not in table


def test_holdings_taken_away_are_explained_with_the_figure_of_the_window(
    ledger: Run, flopledger: Run
) -> None:
    here = {"authorisation": "NVEU"}
    ledger(
        held(10, ACME, on="2025-02-15", event="installed", **here),
        held(4, ACME, on="2025-03-01", event="removed", **here),
        *facts(ACME),
    )
    found = explained(flopledger, NVEU, f"company:{ACME}/destination:IN/2025-Q1")
    assert [(row["seq"], row["adds"]) for row in found["holdings"]] == [(0, True), (1, False)]
    figures = {each["name"]: each["value"] for each in found["law"]["figures"]}
    assert figures["nveu-allocation"] == "633000000 TPP"
    out = flopledger("explain", NVEU, f"company:{ACME}/destination:IN/2025-Q1").out
    assert "− 63,328 TPP" in out
    several = flopledger("explain", NVEU, f"company:{ACME}")
    assert (several.code, "means 8 subjects" in several.err) == (2, True)
    assert f"{pseudonym(flopledger, 0)}/destination:IN/2025-Q2" in several.err
    only = explained(flopledger, LPP, f"company:{ACME}", "--as-of", "2025-06-01")
    assert only["determination"]["subject"] == f"company:{pseudonym(flopledger, 0)}/2025"


def test_holdings_filings_under_a_name_close_what_is_due(ledger: Run, flopledger: Run) -> None:
    sent = {
        "type": "filing",
        "regime": "us.diffusion.exceptions",
        "rule": "lpp-export",
        "sent": "copy of the certification",
        "sent_at": "2026-11-20T10:00:00Z",
        "receipt": None,
    }
    ledger(
        held(2, ACME, event="shipped", on="2026-11-02"),
        held(2, BOLT, event="shipped", on="2026-10-02"),
        {**sent, "obligation": "lpp-copy", "subject": f"company:{ACME}/2026-11-02"},
        {**sent, "obligation": "lpp-copy", "subject": f"{BOLT}/2026-10-02"},
    )
    found = checked(flopledger, "us.diffusion.exceptions/lpp-export")
    acme = found[f"company:{pseudonym(flopledger, 0)}/2026-11-02"]
    bolt = found[f"company:{pseudonym(flopledger, 1)}/2026-10-02"]
    assert [closed["due_on"] for closed in acme["closed_by"]] == ["2026-12-02"]
    assert [closed["due_on"] for closed in bolt["closed_by"]] == ["2026-11-01"]
    assert b"Acme" not in leaves(flopledger)


def test_holdings_facts_that_are_missing_are_asked_by_pseudonym_and_taken_back(
    ledger: Run, flopledger: Run
) -> None:
    ledger(held(1, ACME))
    where = ("--rule", LPP, "--subject", f"company:{ACME}")
    assert flopledger("fact", "missing", *where, "-o", "form.jsonl").code == 0
    form = [json.loads(line) for line in Path("form.jsonl").read_text("utf-8").splitlines()]
    acme = f"company:{pseudonym(flopledger, 0)}"
    asked = {item["name"]: item["subject"] for item in form}
    assert asked == dict.fromkeys(
        (
            "company.headquartered_in_d5",
            "company.headquarters",
            "company.lpp_year_with_others",
        ),
        acme,
    )
    values = {
        "company.headquarters": "DE",
        "company.headquartered_in_d5": False,
        "company.lpp_year_with_others": "below_limit",
    }
    for item in form:
        item["value"]["value"] = values[item["name"]]
    assert ledger(*form).code == 0
    (found,) = checked(flopledger, LPP, "--subject", f"company:{ACME}").values()
    assert found["finding"] == "not_met"
