"""Lines are what a member of JSON Lines is made of, each ended by a newline and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.errors import InputError, IntegrityError

__all__ = ["entry_lines", "lines"]


def lines(chunks: Iterable[bytes], *, member: str, limit: int) -> Iterator[bytes]:
    """Yield the lines of a member without their newlines.

    Args:
        chunks: Its bytes in order.
        member: Its name, for messages.
        limit: Most bytes of a line.

    Raises:
        InputError: If a line is longer than the limit.
        IntegrityError: If a line is empty, or the last one is not ended.
    """
    rest, number = b"", 0
    for chunk in chunks:
        held = (rest + chunk).split(b"\n")
        rest = held.pop()
        for line in held:
            number += 1
            if not 0 < len(line) <= limit:
                _check(line, member, number, limit)
                raise IntegrityError("the line is empty", where=f"{member}, line {number}")
            yield line
        _check(rest, member, number + 1, limit)
    if rest:
        raise IntegrityError(
            "the last line has no end: the member was cut", where=f"{member}, line {number + 1}"
        )


def _check(line: bytes, member: str, number: int, limit: int) -> None:
    """Refuse a line that is too long, before the rest of it is read."""
    if len(line) > limit:
        raise InputError(
            f"the line is longer than the {limit} bytes allowed", where=f"{member}, line {number}"
        )


def entry_lines(leaves: Iterable[bytes]) -> Iterator[bytes]:
    """Yield leaves as lines: canonical JSON holds no raw newline."""
    for leaf in leaves:
        yield leaf
        yield b"\n"
