"""A transcript is a verdict as one HTML page that a file can be closed with.

It needs no script, no network and no other file, follows the reader's light or dark setting, and
prints on A4. Every text in it is escaped: names come from a foreign file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from ledger.report.bundle_verdict import (
    CAUSES,
    OUTCOMES,
    Occasion,
    headline,
    not_asked,
    result_of,
    shown,
)
from ledger.report.table import visible
from ledger.verify.bundle import UNPROVEN, BundleVerdict, Step

__all__ = ["Occasion", "transcript"]

_SHOWS: Final = (
    "What the steps show: these entries were recorded by these keys and have not changed since the "
    "checkpoints below"
)
_SUMS: Final = "; they sum to what was attested under the rule pack that is named"
_WITNESSED: Final = " Changes since a witnessed checkpoint are detected."
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --paper: #ffffff;
  --line: #d1d9e0; --good: #1a7f37; --bad: #b3261e; --look: #8a5a00; --band: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9da7b1; --paper: #0d1117;
  --line: #3d444d; --good: #56d364; --bad: #ff7b72; --look: #e3b341; --band: #161b22; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 62rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; }
.verdict { border-left: .4rem solid var(--dim); background: var(--band); padding: 1rem; }
.verdict.holds { border-color: var(--good); }
.verdict.failed { border-color: var(--bad); }
.verdict.finding, .verdict.incomplete { border-color: var(--look); }
.dim { color: var(--dim); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.word { white-space: nowrap; }
td:last-child { min-width: 14rem; }
tr.held td.outcome { color: var(--good); }
tr.failed td.outcome { color: var(--bad); font-weight: 700; }
tr.finding td.outcome, tr.withheld td.outcome { color: var(--look); font-weight: 600; }
tr.not_asked td, tr.not_reached td { color: var(--dim); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .85rem ui-monospace, "Liberation Mono", monospace; }
ul { margin: .5rem 0; padding-left: 1.25rem; }
@page { size: A4; margin: 16mm; }
@media print { :root { --ink: #000; --dim: #444; --paper: #fff; --line: #999; --good: #000;
  --bad: #000; --look: #000; --band: #fff; } body { padding: 0; max-width: none; font-size: 10pt; }
  .scroll { overflow: visible; } tr, .verdict, li { break-inside: avoid; }
  h2 { break-after: avoid; } thead { display: table-header-group; } }
"""


def transcript(verdict: BundleVerdict, occasion: Occasion, file: str) -> str:
    """Return the page.

    Args:
        verdict: What came out.
        occasion: Under what policy, and when.
        file: Name of the bundle as the user gave it.
    """
    parts = [
        _verdict(verdict),
        _identity(verdict, occasion, file),
        _failure(verdict),
        _section("What people signed", _list(verdict.attested)) if verdict.attested else "",
        _section("The steps", _steps(verdict.steps)),
        _contrasts(verdict),
        _unknown(verdict),
        _section("What the policy does not ask", _list(not_asked(occasion)))
        if occasion.not_asked
        else "",
        _section("What none of this proves", _list(UNPROVEN)),
    ]
    title = _text(f"Transcript: {headline(verdict)}")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _verdict(verdict: BundleVerdict) -> str:
    """Return the first screen: what came out."""
    fault = verdict.fault
    said = _text(headline(verdict))
    said = said[:1].upper() + said[1:]
    if fault is None:
        sums = _SUMS if verdict.attested else ""
        witnessed = verdict.bundle is not None and verdict.bundle.witnessed is not None
        more = f"{_SHOWS}{sums}.{_WITNESSED if witnessed else ''}"
    else:
        more = fault.message[:1].upper() + fault.message[1:] + "."
    return (
        f'<section class="verdict {result_of(verdict)}"><h1>{said}</h1>'
        f"<p>{_text(more)}</p></section>"
    )


def _identity(verdict: BundleVerdict, occasion: Occasion, file: str) -> str:
    """Return which file was verified, under what."""
    bundle = verdict.bundle
    rows: list[tuple[str, str]] = [("file", _text(file))]
    if bundle is not None:
        rows += [
            ("bundle", _code(bundle.digest)),
            ("ledger", _text(bundle.origin)),
            ("entries", _text(str(bundle.size))),
            ("root", _code(bundle.root) if bundle.root else "not read"),
            ("witnessed", _text(_witnessed(bundle.witnessed))),
            ("made for", _text(bundle.audience)),
        ]
    rows += [
        ("policy", _code(occasion.policy)),
        ("verified", _text(f"{occasion.at}, flopledger {occasion.program}")),
        ("exit status", str(verdict.exit_status)),
    ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"


def _witnessed(size: int | None) -> str:
    """Return how far the witnesses have come, in words."""
    return "no witness is asked for" if size is None else f"the first {size} entries"


def _failure(verdict: BundleVerdict) -> str:
    """Return where the fault is, if there is one."""
    fault = verdict.fault
    if fault is None:
        return ""
    rows = (("where", fault.where), ("why", fault.why), ("next", fault.remedy))
    held = "".join(f"<dt>{name}</dt><dd>{_text(text)}</dd>" for name, text in rows if text)
    return _section("The part at fault", f"<dl>{held}</dl>")


def _steps(steps: Iterable[Step]) -> str:
    """Return the table of steps."""
    rows = "".join(
        f'<tr class="{step.outcome}"><td class="number">{step.number}</td>'
        f'<td class="word">{_text(step.name)}</td>'
        f'<td class="word outcome">{OUTCOMES[step.outcome]}</td>'
        f'<td class="number">{step.count}</td><td class="word">{_text(step.unit)}</td>'
        f"<td>{_text('; '.join(step.notes))}</td></tr>"
        for step in steps
    )
    heads = (
        '<th class="number">step</th><th>check</th><th>outcome</th>'
        '<th class="number">count</th><th>of</th><th>note</th>'
    )
    return _table(heads, rows)


def _contrasts(verdict: BundleVerdict) -> str:
    """Return what the verifier's own law says otherwise."""
    if not verdict.contrasts:
        return ""
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{_text(text)}</td>"
            for text in (
                each.place,
                each.field or "all of it",
                shown(each.stated),
                shown(each.found),
                CAUSES[each.cause],
                each.why,
            )
        )
        + "</tr>"
        for each in verdict.contrasts
    )
    names = ("determination", "what", "attested", "under your law", "cause", "why")
    heads = "".join(f"<th>{name}</th>" for name in names)
    return _section("Under your own rules", _table(heads, rows))


def _unknown(verdict: BundleVerdict) -> str:
    """Return the signatures by nobody known."""
    if not verdict.unknown:
        return ""
    return _section("Signatures of unknown keys, not trusted", _list(verdict.unknown))


def _section(title: str, body: str) -> str:
    """Return a part of the page under a heading."""
    return f"<section><h2>{_text(title)}</h2>{body}</section>"


def _table(heads: str, rows: str) -> str:
    """Return a table that scrolls by itself where the page is narrow."""
    head = f"<thead><tr>{heads}</tr></thead>"
    return f'<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>'


def _list(texts: Sequence[str]) -> str:
    """Return sentences as a list."""
    return "<ul>" + "".join(f"<li>{_text(text)}</li>" for text in texts) + "</ul>"


def _code(text: str) -> str:
    """Return a digest."""
    return f"<code>{_text(text)}</code>"


def _text(text: str) -> str:
    """Return a text in which nothing is markup, and nothing can turn the direction of a line."""
    return escape(visible(text), quote=True)
