"""The style of a page: one sheet for the screen, light and dark, wide and narrow, and for paper."""

from __future__ import annotations

from typing import Final

__all__ = ["STYLE"]

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --paper: #ffffff;
  --rule: #d1d9e0; --band: #f6f8fa; --good: #1a7f37; --bad: #b3261e; --look: #8a5a00;
  --link: #0b5cad; --c1: #0b5cad; --c2: #b3261e; --c3: #1a7f37; --c4: #8a5a00; --c5: #6b3fa0;
  --fan: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9da7b1; --paper: #0d1117;
  --rule: #3d444d; --band: #161b22; --good: #56d364; --bad: #ff7b72; --look: #e3b341;
  --link: #79b8ff; --c1: #79b8ff; --c2: #ff7b72; --c3: #56d364; --c4: #e3b341; --c5: #c8a5ff;
  --fan: #e3b341; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.25rem; max-width: 76rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.05rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
a { color: var(--link); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; }
.dim { color: var(--dim); }
.note { color: var(--dim); font-size: .85rem; }
.verdict { border-left: .4rem solid var(--dim); background: var(--band); padding: .75rem 1rem;
  margin: .75rem 0 1rem; }
.verdict .say { font-size: 1.25rem; line-height: 1.35; font-weight: 600; margin: 0; }
.verdict.clear { border-color: var(--good); }
.verdict.overdue, .verdict.met { border-color: var(--bad); }
.verdict.foreseen, .verdict.open { border-color: var(--look); }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1rem; }
nav { font-size: .85rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .55rem;
  border-bottom: 1px solid var(--rule); }
td.long, th.long { overflow-wrap: anywhere; min-width: 9rem; }
thead th { font-weight: 600; color: var(--dim); white-space: nowrap; }
tbody th { font-weight: 600; }
th.group { background: var(--band); padding-top: .5rem; }
.right { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
.right.span { white-space: normal; min-width: 7.75rem; }
.keep { white-space: nowrap; }
.sign { font-weight: 700; }
.sign.bad { color: var(--bad); }
.sign.look { color: var(--look); }
.sign.good { color: var(--good); }
figure { margin: 1rem 0; }
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
figure svg { display: block; width: 100%; height: auto; max-width: 60rem; }
figcaption { font-size: .85rem; color: var(--dim); overflow-wrap: anywhere; }
svg text { font-family: system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif !important; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .5rem 0;
  font-size: .85rem; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .85em ui-monospace, "Liberation Mono", monospace; overflow-wrap: anywhere; }
ul { margin: .4rem 0; padding-left: 1.25rem; }
@media (max-width: 46rem) {
  body { padding: .75rem; }
  table.cards, .cards caption, .cards tbody, .cards tr, .cards td, .cards th {
    display: block; width: 100%; }
  .cards thead { position: absolute; left: -100rem; }
  .cards tr { border-bottom: 1px solid var(--rule); padding: .4rem 0; }
  .cards th, .cards td { border: 0; padding: .1rem .25rem; text-align: left; white-space: normal; }
  .cards td.long, .cards th.long { min-width: 0; }
  .cards th.group { padding: .4rem .25rem; }
  .cards td[data-label]::before { content: attr(data-label) ": "; color: var(--dim); }
  .cards td.empty { display: none; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
  figure { overflow-x: auto; }
  figure svg { min-width: 34rem; }
}
@page { size: auto; margin: 14mm;
  @bottom-right { content: "page " counter(page) " of " counter(pages);
    font: 8pt sans-serif; } }
@media print {
  :root { color-scheme: light; --ink: #000; --dim: #444; --paper: #fff; --rule: #999;
    --band: #fff; --good: #000; --bad: #000; --look: #000; --link: #000; --c1: #004488;
    --c2: #992222; --c3: #116633; --c4: #775500; --c5: #553388; --fan: #775500; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  nav, .skip { display: none; }
  .scroll { overflow: visible; }
  tr, .verdict, li, figure { break-inside: avoid; }
  h2, h3, caption, tr:has(th.group) { break-after: avoid; }
  thead { display: table-header-group; }
  table { font-size: 8pt; }
  th, td { padding: .15rem .3rem; }
  .right { white-space: normal; }
  td:last-child { min-width: 6rem; }
}
"""
"""The paper is whatever the printer holds, A4 or Letter: no width is fixed."""
