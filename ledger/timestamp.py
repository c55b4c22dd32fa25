"""A timestamp is the word of an authority that a checkpoint existed at a time: RFC 3161.

It is read and checked by ``rfc3161-client``, which comes with the extra ``timestamps`` and is
imported only here, when there is a token. The chain of certificates is verified at the time in the
token, not now, and ends at a root that whoever verifies names; certificates in the token itself are
only a way to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ledger.errors import InputError, IntegrityError, MissingError

if TYPE_CHECKING:
    from types import ModuleType

    from cryptography import x509

__all__ = ["TOKEN_MAX", "Timestamp", "parse_roots", "read_timestamp", "verify_timestamp"]

TOKEN_MAX: Final = 65_536  # bytes; one with its whole chain has some six thousand
_ROOTS_MAX: Final = 16
_SHA256: Final = "2.16.840.1.101.3.4.2.1"  # object identifier


@dataclass(frozen=True, slots=True)
class Timestamp:
    """What a token states.

    Attributes:
        at: When the authority says to have seen the checkpoint.
        sha256: Digest of the response file, 64 hex digits.
        checked: Whether its signature and chain were verified; else it is only a claim.
    """

    at: datetime
    sha256: str
    checked: bool


def read_timestamp(data: bytes, text: str) -> Timestamp:
    """Read a timestamp response and compare what it stamps; nothing is trusted yet.

    Args:
        data: The response, DER, as ``openssl ts -reply`` writes it.
        text: The three lines of the checkpoint.

    Raises:
        MissingError: If the extra is not installed.
        InputError: If the bytes are no response.
        IntegrityError: If it stamps something else.
    """
    return _stated(_response(data), data, text, checked=False)


def verify_timestamp(data: bytes, text: str, roots: Sequence[x509.Certificate]) -> Timestamp:
    """Check a timestamp response over a checkpoint.

    Args:
        data: The response, DER.
        text: The three lines of the checkpoint.
        roots: Certificates that whoever verifies trusts; at least one.

    Raises:
        MissingError: If the extra is not installed: the token was not checked.
        InputError: If the bytes are no response.
        IntegrityError: If it stamps something else, or its signature, its purpose or its chain at
            that time does not hold.
    """
    if not roots:
        raise InputError("no root of a timestamp authority is trusted", remedy="name one")
    client, response = _client(), _response(data)
    stated = _stated(response, data, text, checked=True)
    try:
        builder = client.VerifierBuilder(roots=list(roots))
        builder.build().verify_message(response, text.encode())
    except (client.VerificationError, ValueError) as error:
        raise IntegrityError(
            f"the timestamp does not verify: {error}",
            where=f"timestamp {stated.at.isoformat()}",
            why="its signature, its purpose, or its chain to a trusted root at that time fails",
            remedy="ask the authority for its root, and compare",
        ) from error
    return stated


def parse_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates that are trusted, PEM, one after the other.

    Raises:
        InputError: If there is none, or too many.
    """
    from cryptography import x509  # noqa: PLC0415 - loads slowly, and most policies name no root

    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise InputError("the file holds no certificate in PEM form") from error
    if len(found) > _ROOTS_MAX:
        raise InputError(f"{len(found)} certificates, more than {_ROOTS_MAX}")
    return found


def _client() -> ModuleType:
    """Return the library that reads tokens.

    Raises:
        MissingError: If it is not installed.
    """
    try:
        import rfc3161_client  # noqa: PLC0415 - an extra, needed only where there is a token
    except ImportError as error:
        raise MissingError(
            "the timestamp was not checked: the library that reads it is not installed",
            why="what was not checked proves nothing",
            remedy='pip install "flopledger[timestamps]"',
        ) from error
    return rfc3161_client


def _response(data: bytes) -> Any:  # noqa: ANN401 - a class of an extra
    """Return the parsed response."""
    if len(data) > TOKEN_MAX:
        raise InputError(f"a timestamp of {len(data):,} bytes, more than {TOKEN_MAX:,}")
    client = _client()
    try:
        response = client.decode_timestamp_response(data)
        granted = response.status == 0
        if granted:
            _ = response.tst_info.gen_time, response.tst_info.message_imprint
    except ValueError as error:
        raise InputError(
            "the file is no RFC 3161 timestamp response in DER form",
            why=str(error)[:200],
            remedy="if the authority puts several certificates into its answer, ask it for one "
            "with its own alone: openssl writes them in an order that DER does not allow",
        ) from error
    if not granted:
        raise InputError(
            "the authority refused to stamp", why="; ".join(response.status_string)[:200]
        )
    return response


def _stated(response: Any, data: bytes, text: str, *, checked: bool) -> Timestamp:  # noqa: ANN401
    """Return what a response states, once it is about this checkpoint."""
    info = response.tst_info
    imprint = info.message_imprint
    if imprint.hash_algorithm.dotted_string != _SHA256:
        raise IntegrityError(
            "the timestamp is over another kind of digest than SHA-256",
            remedy="ask for one: openssl ts -query -sha256",
        )
    if imprint.message != hashlib.sha256(text.encode()).digest():
        raise IntegrityError(
            "the timestamp is over something else than this checkpoint",
            why="what was stamped are the first three lines of the checkpoint, ends included",
            remedy="stamp: flopledger checkpoint show | head -3",
        )
    return Timestamp(info.gen_time.astimezone(UTC), hashlib.sha256(data).hexdigest(), checked)
