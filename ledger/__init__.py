"""A verifiable ledger of training compute, checked against regulatory thresholds."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
