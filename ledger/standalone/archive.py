"""An archive is the standalone verifier as one file, the same bytes from the same sources.

Members are sorted, stored as they are and dated 1980, so that whoever builds it again from the
published sources gets the digest that was published.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from ledger.pack import PACK_NAME
from ledger.standalone.graph import graph_of

__all__ = ["ENTRIES", "FOREIGN", "Archive", "build_archive"]

ENTRIES: Final = ("ledger.standalone.__main__", "ledger.standalone.front")
"""Modules that the program begins with; the first is the file that is run."""
FOREIGN: Final = ("cryptography",)
"""All that it needs beside Python."""
_SHEBANG: Final = b"#!/usr/bin/env python3\n"
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16
_LAW: Final = f"ledger/_data/rules/{PACK_NAME}"


@dataclass(frozen=True, slots=True)
class Archive:
    """A verifier.

    Attributes:
        data: The file.
        members: Names of its members, sorted.
    """

    data: bytes
    members: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the file, 64 hex digits."""
        return hashlib.sha256(self.data).hexdigest()


def build_archive(law: bytes) -> Archive:
    """Build the verifier.

    Args:
        law: The canonical rule pack that it asks where it is given no other.

    Raises:
        LedgerError: If a module of it would load what is not allowed.
    """
    graph = graph_of(ENTRIES, files("ledger"), allowed=FOREIGN)
    members = {**graph.sources, _LAW: law}
    members["__main__.py"] = graph.sources[ENTRIES[0].replace(".", "/") + ".py"]
    return Archive(_zipped(members), tuple(sorted(members)))


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """Return members as an archive that a shell can run."""
    buffer = io.BytesIO()
    buffer.write(_SHEBANG)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system, info.external_attr = _UNIX, _MODE
            archive.writestr(info, members[name])
    return buffer.getvalue()
