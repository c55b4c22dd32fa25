"""Writing puts members into an archive: the same members give the same bytes, on any day.

Members stand in the order of their names, deflated at one level, dated 1980-01-01, without extra
fields. The bytes of the archive depend on the zlib in use; the digest of the bundle, which is that
of its manifest, does not.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from ledger.bundle.archive import (
    CENTRAL,
    CENTRAL_MARK,
    DATE,
    DEFLATED,
    END,
    END_MARK,
    LOCAL,
    LOCAL_MARK,
    MADE_BY,
    MODE,
    VERSION,
)
from ledger.bundle.caps import Caps
from ledger.bundle.manifest import Kind, Listed, Manifest
from ledger.bundle.names import MANIFEST
from ledger.errors import InputError

__all__ = ["Made", "Part", "Source", "assembled", "write_bundle"]

Source = Callable[[], Iterable[bytes]]
LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Part:
    """A member that is about to be written.

    Attributes:
        name: Its name.
        chunks: Its bytes; read once, in the order of the parts.
    """

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Made:
    """What a bundle says of itself, before its members are counted.

    Attributes:
        kind: ``entries`` or ``receipts``.
        origin: Name of the ledger.
        size: Entries under the newest checkpoint in the bundle.
        audience: Whom it is for.
    """

    kind: Kind
    origin: str
    size: int
    audience: str


class _Measured:
    """Passes chunks on, and knows their digest and length afterwards."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Begin with nothing read."""
        self._chunks = chunks
        self._digest = hashlib.sha256()
        self._length = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks."""
        for chunk in self._chunks:
            self._digest.update(chunk)
            self._length += len(chunk)
            yield chunk

    def listed(self) -> Listed:
        """Return what the manifest says of what was passed on."""
        return Listed(self._digest.hexdigest(), self._length)


def assembled(made: Made, sources: Mapping[str, Source]) -> Iterator[Part]:
    """Yield every member and the manifest, in the order of their names.

    Whatever comes before the manifest may be long and is passed on as it is read; whatever comes
    after it is read first, and must be short.

    Args:
        made: What the bundle says of itself.
        sources: What gives the bytes of each member, by name.
    """
    measured: dict[str, _Measured] = {}
    for name in sorted(name for name in sources if name < MANIFEST):
        measured[name] = _Measured(sources[name]())
        yield Part(name, measured[name])
    rest = {name: b"".join(sources[name]()) for name in sorted(sources) if name > MANIFEST}
    members = {name: each.listed() for name, each in measured.items()}
    members |= {n: Listed(hashlib.sha256(d).hexdigest(), len(d)) for n, d in rest.items()}
    manifest = Manifest(made.kind, made.origin, made.size, made.audience, members)
    yield Part(MANIFEST, [manifest.encode()])
    for name, data in rest.items():
        yield Part(name, [data])


def write_bundle(file: BinaryIO, parts: Iterable[Part]) -> None:
    """Write an archive.

    Args:
        file: Where to; it must be empty and seekable.
        parts: The members in the order of their names.

    Raises:
        InputError: If no reader would take the bundle, because it is beyond a cap.
    """
    caps = Caps()
    listed: list[bytes] = []
    total = 0
    for part in parts:
        start = file.tell()
        file.write(bytes(LOCAL.size) + part.name.encode())
        crc, packed, size = _deflate(file, part.chunks, caps.bytes - total, part.name)
        total += size
        name = part.name.encode()
        state = (VERSION, 0, DEFLATED, *DATE, crc, packed, size, len(name))
        end = file.tell()
        file.seek(start)
        file.write(LOCAL.pack(LOCAL_MARK, *state, 0))
        file.seek(end)
        entry = CENTRAL.pack(CENTRAL_MARK, MADE_BY, *state, 0, 0, 0, 0, MODE, start)
        listed.append(entry + name)
    if len(listed) > caps.members:
        raise InputError(f"{len(listed)} members, more than the {caps.members} that readers take")
    place, block = file.tell(), b"".join(listed)
    file.write(block)
    file.write(END.pack(END_MARK, 0, 0, len(listed), len(listed), len(block), place, 0))


def _deflate(file: BinaryIO, chunks: Iterable[bytes], room: int, name: str) -> tuple[int, int, int]:
    """Write the packed bytes of a member; return its checksum and its two lengths."""
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = packed = size = 0
    for chunk in chunks:
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        if size > room:
            raise InputError(
                "the bundle is larger than a reader takes",
                where=f"member {name!r}",
                remedy="make receipts of single entries: --receipts SEQ",
            )
        packed += file.write(deflater.compress(chunk))
    packed += file.write(deflater.flush())
    return crc, packed, size
