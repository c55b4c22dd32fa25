"""The clock of the commands is that of the package."""

from __future__ import annotations

from ledger.clock import now

__all__ = ["now"]
