"""Progress is one line on stderr that grows, on a terminal and past two seconds only."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click

from ledger.cli.context import Context

__all__ = ["PATIENCE_S", "Progress"]

PATIENCE_S = 2
"""Seconds that pass without a word; shorter work needs none."""


class Progress:
    """Counts files, or what else is gone through, and what came of them, while they go by."""

    def __init__(self, context: Context, unit: str, source: str = "file") -> None:
        """Starts the clock; `unit` is what the second number counts, `source` the first, as one."""
        self._unit = unit
        self._source = source
        self._shows = sys.stderr.isatty() and not context.quiet
        self._started = time.monotonic()
        self._wrote = False

    def __call__(self, files: int, done: int) -> None:
        """Shows how far the work is."""
        if self._shows and time.monotonic() - self._started > PATIENCE_S:
            read = f"1 {self._source}" if files == 1 else f"{files:,} {self._source}s"
            click.echo(f"\r{read}, {done:,} {self._unit} …", err=True, nl=False)
            self._wrote = True

    def __enter__(self) -> Self:
        """Begins."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaves the cursor on a line of its own."""
        if self._wrote:
            click.echo(err=True)
