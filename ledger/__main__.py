"""The command line, as ``python -m ledger``."""

from __future__ import annotations

from ledger.cli import main

main()
