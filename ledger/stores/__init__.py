"""Stores: where entries, openings, keys and checkpoints are kept, and read back as written."""

__all__: list[str] = []
