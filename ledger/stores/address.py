"""An address names a ledger on a PostgreSQL server, and is shown without its password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from ledger.errors import InputError

__all__ = ["SCHEMES", "Address"]

SCHEMES = ("postgresql://", "postgres://")
# The name of the database becomes the beginning of file names.
_DATABASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_HOST = r"(?:[A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_AUTHORITY = re.compile(rf"(?:(?P<user>[^:@]*)(?::[^@]*)?@)?(?P<hosts>{_HOST}(?:,{_HOST})*)")
_SHOWN = {"host", "hostaddr", "port", "sslmode", "target_session_attrs"}
_FORM = "postgresql://USER@HOST:PORT/DATABASE"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a ledger is on a server.

    Attributes:
        url: What the driver is given; it may hold a password, and is never shown or written.
        shown: The same without password and without anything else that need not be seen.
        database: Name of the database: one database holds one ledger.
    """

    url: str = field(repr=False)
    shown: str
    database: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address as libpq does, with the database always named.

        Raises:
            InputError: If it is no such address; the message holds nothing of a password.
        """
        try:
            parts = urlsplit(text)
            strict = bool(parts.query)
            options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=strict)
        except ValueError:
            raise _unreadable("the address of the ledger cannot be read") from None
        authority = _AUTHORITY.fullmatch(parts.netloc)
        if authority is None or not text.startswith(SCHEMES) or parts.fragment:
            raise _unreadable("the address of the ledger cannot be read")
        named = [value for name, value in options if name == "dbname"]
        database = unquote(parts.path.removeprefix("/")) or (named[-1] if named else "")
        # What was taken for the database may be half of a password: it is not repeated.
        if not _DATABASE.fullmatch(database):
            raise _unreadable(
                "the address of the ledger names no database, or one with an unusual name",
                "files beside the ledger begin with the name of its database: letters, digits, "
                "_ . and -",
            )
        kept = [(name, value) for name, value in options if name in _SHOWN]
        query = f"?{urlencode(kept, safe='/')}" if kept else ""
        user = f"{authority['user']}@" if authority["user"] else ""
        return cls(text, f"postgresql://{user}{authority['hosts']}/{database}{query}", database)

    def __str__(self) -> str:
        """Return the address as it may be shown."""
        return self.shown


def _unreadable(message: str, why: str = "") -> InputError:
    """Return the error for an address that cannot be used."""
    return InputError(
        message,
        where="--ledger",
        why=why,
        remedy=f"write {_FORM}, with the password in ~/.pgpass or PGPASSWORD",
    )
