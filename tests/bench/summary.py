"""A summary is what the README tells of the benchmarks: one line a ratio, one a scaling law.

It is made from ``results.json`` alone, so that the README says what was measured and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BEGIN = "<!-- measured: begin -->\n"
END = "<!-- measured: end -->\n"
LIMITS = (
    "An import is held against raw inserts of the same rows, verification against a bare loop that "
    "reads and hashes. The exponents of those, and the share of their speed that is had:"
)


def rewrite(readme: Path, results: Path) -> None:
    """Put the summary of results into the README, between its marks."""
    before, inside, rest = readme.read_text("utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert inside, f"{readme} has no {BEGIN}"
    assert mark, f"{readme} has no {END}"
    found = json.loads(results.read_text("utf-8"))
    readme.write_text(before + BEGIN + summary(found) + END + after, encoding="utf-8")


def summary(found: Mapping[str, Any]) -> str:
    """Return the tables of the README for a document of results."""
    machine, scale = found["machine"], found["settings"]["scale"]
    part = "" if found["settings"]["full"] else f" All sizes are {scale:g} of the full ones."
    lines = [
        (
            f"Measured on {machine['date']} at commit {machine['commit']}: "
            f"{machine['processors']} × {machine['processor']}, where two processes at once do "
            f"{machine['two processes at once']}, {machine['memory']}, write and fdatasync "
            f"{machine['write and fdatasync']}, Python {machine['Python']}, polars "
            f"{machine['polars']}, SQLite {machine['SQLite']}. Times are medians of "
            f"{found['settings']['repetitions']}, each in a fresh process, by turns, with "
            f"`{found['settings']['command']}`.{part}"
        ),
        "",
        "| id | what | size | here | baseline | ratio | hold | aim | |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
        *(line for row in found["benchmarks"] for line in _ratio(row)),
        "",
    ]
    later = [row["id"] for row in found["benchmarks"] if row.get("alone")]
    later += [f"“{curve['name']}”" for curve in found["scaling"] if curve.get("alone")]
    if later:
        lines += [f"Measured by themselves, as `RESULTS.md` says of each: {', '.join(later)}.", ""]
    curves = [_curve(curve) for curve in found["scaling"]]
    if curves:
        head = "| as the ledger grows | law | from … to | exponent | of memory | at the end |"
        lines += [head, "|---|---|---|---:|---:|---|", *curves, ""]
    limits = list(filter(None, map(_limit, found["scaling"])))
    if limits:
        lines += [f"{LIMITS} {'; '.join(limits)}.", ""]
    return "\n".join(lines)


def _limit(curve: Mapping[str, Any]) -> str:
    """Say how the limit of a law grows, and which share of its speed is had; or nothing."""
    shares = [point for point in curve["points"] if point["share"] is not None]
    if curve.get("limit_exponent") is None:
        return ""
    had = ", ".join(f"{point['share']:.2f} at {point['size']:,}" for point in shares)
    return f"“{curve['name']}” {curve['limit_exponent']:.2f}, and {had}"


def _ratio(row: Mapping[str, Any]) -> list[str]:
    """Return the lines of a benchmark, or none where it was not measured."""
    if row["status"] != "measured":
        return [f"| {row['id']} | {row['title']} | | | | | | | {row['status']} |"]
    medians = [_figure(row["measure"], row["medians"][side]) for side in ("candidate", "baseline")]
    steady = "" if row["steady"] else ", unsteady"
    lines = [
        (
            f"| {row['id']} | {row['title']} | {row['size']:,} {row['unit']} | "
            f"{' | '.join(medians)} | **{row['ratio']:.3g}** | "
            f"{_bounds(row.get('bound'))} | {row['verdict']}{steady} |"
        )
    ]
    for one in row["absolute"]:
        value = f"{one['value']:,.4g}{one['unit']}"
        lines.append(f"| | {one['name']} | | {value} | | | {_bounds(one)} | {one['verdict']} |")
    return lines


def _bounds(bound: Mapping[str, Any] | None) -> str:
    """Return hold and aim as two cells."""
    if bound is None:
        return " | "
    sign, unit = {"<=": "≤", ">=": "≥"}[bound["sign"]], bound.get("unit", "")
    return f"{sign} {bound['hold']:,g}{unit} | {sign} {bound['aim']:,g}{unit}"


def _figure(measure: str, value: float) -> str:
    """Return a measured number with its unit."""
    if measure == "peak":
        return f"{value:,.0f} MB"
    if measure == "figure":
        return f"{value / 1e6:,.1f} MB"
    return f"{value * 1000:,.2f} ms" if value < 1 else f"{value:,.2f} s"


def _curve(curve: Mapping[str, Any]) -> str:
    """Return the line of a scaling law."""
    points = curve["points"]
    if curve["failure"] or not points:
        return f"| {curve['name']} | {curve['law']} | | | | {curve['verdict']} |"
    last = points[-1]
    sizes = f"{points[0]['size']:,} … {last['size']:,}"
    end = f"{_figure('seconds', last['seconds'])}, {last['peak_mb']:,.0f} MB"
    exponent, memory = (
        "–" if curve[name] is None else f"{curve[name]:.2f}"
        for name in ("exponent", "memory_exponent")
    )
    told = "" if curve["verdict"] == "holds" else f", {curve['verdict']}"
    return f"| {curve['name']} | {curve['law']} | {sizes} | {exponent} | {memory} | {end}{told} |"
