"""Reports turn values into what people and programs read."""

from __future__ import annotations

__all__: list[str] = []
