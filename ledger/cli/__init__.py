"""The command line: parse, one call, render. It is the only place where parts are wired."""

from __future__ import annotations

from ledger.cli.app import main

__all__ = ["main"]
