"""The page of checks says of each one why it matters and what to write, with lines to compare."""

from __future__ import annotations

import textwrap
from typing import Final

from ledger.regime.check import Check
from ledger.regime.registry import REGISTRY

__all__ = ["PAGE_NAME", "PAGE_URL", "check_page", "check_section", "check_text"]

PAGE_NAME: Final = "lint.v1.md"
PAGE_URL: Final = f"https://flopledger.example/schemas/{PAGE_NAME}"
_WIDTH: Final = 100
_TERMINAL: Final = 80
_HEAD: Final = """\
# The checks of rule files, version 1

`flopledger rules lint` looks at every rule file and says what is wrong, where, and what to write
instead. Each check has an id that never changes its meaning; `flopledger rules lint --explain ID`
prints its section of this page. New checks are added; this page is written from the same list that
the program uses.

An **error** is wrong: the file does not load, or what it says cannot be. A **warning** is missing
or doubtful. A **note** will want attention. A finding can be passed over for a while in
`lint.yaml` of the rules folder:

```yaml
schema: lint/1
exceptions:
  - check: no-case
    file: regimes/xx/xx.small.yaml
    rule: above             # or place: with the path that lint prints
    reason: The ministry has not answered yet.
    until: 2027-02-01       # the first day on which it no longer holds
```
"""
_STAGES: Final = (
    ("load", "What keeps a file from loading"),
    ("lint", "What loads and is still wrong"),
)


def check_page() -> str:
    """Return the page of all checks as Markdown."""
    parts = [_HEAD]
    for stage, title in _STAGES:
        checks = [check for check in REGISTRY.values() if check.stage == stage]
        parts += [f"## {title}\n", *(check_section(check) for check in checks)]
    return "\n".join(parts)


def check_text(check: Check) -> str:
    """Return the section of a check as plain text for a terminal, ended by a newline."""
    loads = "keeps the file from loading" if check.stage == "load" else "the file loads"
    parts = [f"{check.id}: {check.title}.", f"{check.level}; {loads}"]
    parts += [textwrap.fill(check.why, _TERMINAL), textwrap.fill(check.remedy, _TERMINAL)]
    if check.wrong:
        parts += [f"wrong:\n{_indented(check.wrong)}", f"right:\n{_indented(check.right)}"]
    return "\n\n".join(parts) + "\n"


def check_section(check: Check) -> str:
    """Return the section of a check as Markdown."""
    lines = [f"### {check.id}", "", f"{check.title}. *{check.level.capitalize()}.*", ""]
    lines += [textwrap.fill(check.why, _WIDTH), "", textwrap.fill(check.remedy, _WIDTH), ""]
    if check.wrong:
        marked = [f"# wrong\n{check.wrong}", f"# right\n{check.right}"]
        lines += ["```yaml", *marked, "```", ""]
    return "\n".join(lines)


def _indented(text: str) -> str:
    """Return the lines of an example, set in."""
    return textwrap.indent(textwrap.dedent(text), "  ")
