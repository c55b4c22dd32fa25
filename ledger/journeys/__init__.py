"""Journeys: what people come to do, each written against protocols that it defines itself."""

from __future__ import annotations

__all__: list[str] = []
