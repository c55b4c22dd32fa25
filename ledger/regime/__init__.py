"""The regime package is the rule language: what a law counts, where its line is, since when."""

from __future__ import annotations

__all__: list[str] = []
