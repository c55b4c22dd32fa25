"""An archive is a ZIP file in the one layout that a bundle has, read without extracting it.

The members follow each other from the first byte, in the order of their names; the list of members
follows the last of them, and its end record ends the file. So nothing can stand before, between or
behind, and no two members can share bytes. Every field of a local header is compared with the
list. Source of the format: PKWARE APPNOTE 6.3.3, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from ledger.bundle.caps import Caps
from ledger.errors import InputError, IntegrityError

__all__ = [
    "CENTRAL",
    "CENTRAL_MARK",
    "DATE",
    "DEFLATED",
    "END",
    "END_MARK",
    "LOCAL",
    "LOCAL_MARK",
    "MODE",
    "STORED",
    "VERSION",
    "Archive",
]

LOCAL_MARK: Final = b"PK\x03\x04"
CENTRAL_MARK: Final = b"PK\x01\x02"
END_MARK: Final = b"PK\x05\x06"
LOCAL: Final = struct.Struct("<4s5H3I2H")
CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
END: Final = struct.Struct("<4s4H2IH")
STORED: Final = 0
DEFLATED: Final = 8
VERSION: Final = 20  # of the format: folders and deflate, nothing later
MADE_BY: Final = 3 << 8 | VERSION  # a Unix system
DATE: Final = (0, 1 << 5 | 1)  # time and day: 1980-01-01 00:00, the earliest there is
MODE: Final = 0o100644 << 16  # a regular file
_KIND: Final = 0o170000 << 16
_LINK: Final = 0o120000 << 16
_FOLDER: Final = 0o040000 << 16
_FULL: Final = (0xFFFF, 0xFFFFFFFF)  # values that say: look in the ZIP64 record instead
_ENCRYPTED: Final = 0x2041  # flag bits 0, 6 and 13
_STREAMED: Final = 0x0008
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a member stands.

    Attributes:
        name: Its name.
        method: ``STORED`` or ``DEFLATED``.
        crc: CRC-32 of its bytes.
        packed: Length in the file.
        size: Length unpacked.
        start: Where its packed bytes begin.
    """

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int


class Archive:
    """A ZIP file from somebody else; nothing in it is believed."""

    def __init__(self, file: BinaryIO, caps: Caps) -> None:
        """Read the list of members and compare it with what stands before each.

        Args:
            file: The archive, open for reading and seekable; it stays open.
            caps: Limits.

        Raises:
            InputError: If the file is no ZIP archive, or beyond a cap.
            IntegrityError: If it is one of another layout, naming the member.
        """
        self._file = file
        self._caps = caps
        self._slots: dict[str, _Slot] = {}
        self._order: list[str] = []
        file.seek(0, 2)
        self._length = file.tell()
        self._read_list(*self._read_end())

    def names(self) -> tuple[str, ...]:
        """Return the names in the order of the list; they may repeat or be any text."""
        return tuple(self._order)

    def size(self, name: str) -> int:
        """Return the unpacked length that the archive states of a member, in bytes."""
        return self._slots[name].size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member, never more than it states.

        Raises:
            InputError: If it unpacks beyond the cap on the ratio.
            IntegrityError: If its bytes are not those that the archive lists.
        """
        slot = self._slots[name]
        count, crc = 0, 0
        for chunk in self._unpacked(slot):
            count += len(chunk)
            crc = zlib.crc32(chunk, crc)
            if count > slot.size:
                raise _refusal(name, f"it holds more than the {slot.size} bytes that it states")
            yield chunk
        if count != slot.size:
            raise _refusal(name, f"it holds {count} bytes and states {slot.size}")
        if crc != slot.crc:
            raise _refusal(name, "its bytes do not have the checksum that is listed")

    def _read_end(self) -> tuple[int, int, int]:
        """Return count, length and place of the list of members."""
        if self._length < END.size:
            raise _no_archive()
        data = self._at(self._length - END.size, END.size)
        if not data.startswith(END_MARK):
            if self._at(0, len(LOCAL_MARK)) != LOCAL_MARK:
                raise _no_archive()
            raise IntegrityError(
                "the archive does not end with its end record",
                where="end of the archive",
                why="it was cut, or bytes were added behind it",
                remedy="ask for the bundle again",
            )
        _, disk, first, here, count, length, place, comment = END.unpack(data)
        if any(value in _FULL for value in (disk, first, here, count, length, place)):
            raise _end_refusal("the end record points to a ZIP64 record, which a bundle never has")
        if disk or first or here != count:
            raise _end_refusal("the archive says to lie on several disks")
        if comment or place + length + END.size != self._length:
            raise _end_refusal("bytes stand between the list of members and the end")
        if count > self._caps.members:
            raise InputError(
                f"the bundle has {count} members, more than the {self._caps.members} allowed",
                where="end of the archive",
            )
        return count, length, place

    def _read_list(self, count: int, length: int, place: int) -> None:
        """Read the list of members; each begins where the one before ends."""
        data = self._at(place, length)
        at = offset = total = 0
        for _ in range(count):
            head = data[at : at + CENTRAL.size]
            if len(head) != CENTRAL.size or not head.startswith(CENTRAL_MARK):
                raise _end_refusal("the list of members cannot be read")
            fields = CENTRAL.unpack(head)
            raw = data[at + CENTRAL.size : at + CENTRAL.size + fields[10]]
            slot, offset = self._slot(fields, raw, offset)
            total += slot.size
            self._order.append(slot.name)
            self._slots[slot.name] = slot
            at += CENTRAL.size + len(raw)
            if total > self._caps.bytes:
                raise InputError(
                    f"the members have more than the {self._caps.bytes} bytes allowed",
                    where=f"member {slot.name!r}",
                )
        if at != length or offset != place:
            raise _end_refusal("bytes stand between the last member and the list of members")

    def _slot(self, fields: tuple[int, ...], raw: bytes, offset: int) -> tuple[_Slot, int]:
        """Check one entry of the list against its local header; return it and where it ends."""
        name = _name(raw, fields[10])
        made, needed, flags, method, time, day, crc, packed, size = fields[1:10]
        extra, comment, disk, internal, external, start = fields[11:]
        _check_flags(name, flags)
        if extra or comment or disk or internal:
            raise _refusal(name, "its entry in the list holds an extra field, comment or mark")
        if external & _KIND == _LINK:
            raise _refusal(name, "it is a symbolic link")
        if external & _KIND == _FOLDER or external & 0x10 or name.endswith("/"):
            raise _refusal(name, "it is a folder")
        if external != MODE or (made, needed) != (MADE_BY, VERSION) or (time, day) != DATE:
            raise _refusal(name, "its date, mode or version is not the fixed one of a bundle")
        if method not in {STORED, DEFLATED}:
            raise _refusal(name, f"it is packed by method {method}, not stored or deflated")
        if any(value in _FULL for value in (packed, size, start)):
            raise _refusal(name, "its lengths stand in a ZIP64 field, which a bundle never has")
        if size > packed * self._caps.ratio:
            raise InputError(
                f"it would unpack to more than {self._caps.ratio} times its length",
                where=f"member {name!r}",
                why="such an archive is made to fill a disk",
            )
        if start != offset:
            raise _refusal(name, "it does not begin where the member before ends")
        expected = (LOCAL_MARK, VERSION, flags, method, time, day, crc, packed, size, len(raw), 0)
        if self._at(start, LOCAL.size + len(raw)) != LOCAL.pack(*expected) + raw:
            raise _refusal(name, "what stands before it is not what the list says of it")
        begin = start + LOCAL.size + len(raw)
        return _Slot(name, method, crc, packed, size, begin), begin + packed

    def _unpacked(self, slot: _Slot) -> Iterator[bytes]:
        """Yield what the packed bytes of a member give, at most one chunk beyond its length."""
        if slot.method == STORED:
            if slot.packed != slot.size:
                raise _refusal(slot.name, "it is stored and has two lengths")
            yield from self._packed(slot)
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for data in self._packed(slot):
                rest = data
                while rest and not inflater.eof:
                    yield inflater.decompress(rest, _CHUNK)
                    rest = inflater.unconsumed_tail
                if rest or inflater.unused_data:
                    raise _refusal(slot.name, "bytes stand behind the end of its packed data")
            while not inflater.eof and (data := inflater.decompress(b"", _CHUNK)):
                yield data
        except zlib.error as error:
            raise _refusal(slot.name, "it cannot be unpacked") from error
        if not inflater.eof:
            raise _refusal(slot.name, "its packed data has no end")

    def _packed(self, slot: _Slot) -> Iterator[bytes]:
        """Yield the packed bytes of a member as they stand."""
        at, stop = slot.start, slot.start + slot.packed
        while at < stop:
            data = self._at(at, min(_CHUNK, stop - at))
            if not data:
                raise _refusal(slot.name, "the archive ends within it")
            yield data
            at += len(data)

    def _at(self, place: int, length: int) -> bytes:
        """Return so many bytes from a place, or as many as there are."""
        self._file.seek(place)
        return self._file.read(length)


def _name(raw: bytes, length: int) -> str:
    """Return a name of the list."""
    if len(raw) != length or not raw or not raw.isascii():
        raise _end_refusal("the name of a member is cut, empty or not ASCII")
    name = raw.decode()
    if not name.isprintable():
        raise _end_refusal(f"the name of a member holds a control character: {name[:60]!r}")
    return name


def _check_flags(name: str, flags: int) -> None:
    """Refuse what a flag of a member announces."""
    if flags & _ENCRYPTED:
        raise _refusal(name, "it is encrypted")
    if flags & _STREAMED:
        raise _refusal(name, "its lengths stand behind it instead of before it")
    if flags:
        raise _refusal(name, f"it carries the flags {flags:#06x}; a bundle has none")


def _no_archive() -> InputError:
    """Return the error for a file that is no ZIP archive."""
    return InputError(
        "the file is no bundle: it is not a ZIP archive",
        remedy="give the file as flopledger bundle wrote it",
    )


def _end_refusal(message: str) -> IntegrityError:
    """Return the error for the list of members or its end."""
    return IntegrityError(
        message,
        where="list of members",
        why="flopledger bundle writes no such archive",
        remedy="keep the file as evidence, and ask for the bundle again",
    )


def _refusal(name: str, message: str) -> IntegrityError:
    """Return the error for one member."""
    return IntegrityError(
        message,
        where=f"member {name[:100]!r}",
        why="flopledger bundle writes no such archive",
        remedy="keep the file as evidence, and ask for the bundle again",
    )
