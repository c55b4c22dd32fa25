"""A request is what a waiting writer asks another to append; a reply says what became of it.

Both are bytes between programs of one version on one machine, and carry a code under the ledger's
secret: nobody without it gets a record sealed, or is told that one was. ::

    flopledger.queue/1 request        flopledger.queue/1 reply
    {"drafts":[…],"origin":"…"}       {"appended":{…},"company":2,"error":null}
    <HMAC-SHA256, 64 hex digits>      <HMAC-SHA256, 64 hex digits>

Before the reply stand promises, ``{"appended":{…},"leaf":"…"}``, left before the transaction: what
the reply will say if the ledger then holds this leaf. They are for whoever has no reply, since the
other one died.

Each line ends in a newline; the code covers what is before it, and that of a promise or a reply
also the code of its request. Another version, and whatever is not exactly this, is none of them.
Specification: ``schemas/queue.v1.md``.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ledger.errors import CanonicalError, ConflictError, InputError, LedgerError
from ledger.log.identity import Identity
from ledger.log.outcome import Appended
from ledger.log.profile import check_hidden, check_profile
from ledger.record.draft import Draft

__all__ = [
    "DRAFTS_MAX",
    "REQUEST_BYTES_MAX",
    "Promise",
    "Reply",
    "code_of",
    "encode_promise",
    "encode_reply",
    "encode_request",
    "parse_promise",
    "parse_reply",
    "parse_request",
]

DRAFTS_MAX = 64
"""A writer of more at once gains nothing by company, and appends alone."""

REQUEST_BYTES_MAX = 262_144

_REQUEST: Final = b"flopledger.queue/1 request\n"
_PROMISE: Final = b"flopledger.queue/1 promise\n"
_REPLY: Final = b"flopledger.queue/1 reply\n"
_LINES: Final = 3  # of a promise
_CODE_BYTES: Final = 65  # 64 hex digits and a newline
_ERRORS: Final = {kind.code: kind for kind in (InputError, CanonicalError, ConflictError)}
"""What is wrong with a request itself. Any other failure its owner meets when it appends alone."""

_encode = msgspec.json.Encoder(order="sorted").encode


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    """A draft, as it is written down."""

    type: str
    body: dict[str, Any]
    hidden: dict[str, str]
    key: tuple[str, ...]


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked for."""

    drafts: list[_Record]
    origin: str


class _Error(msgspec.Struct, forbid_unknown_fields=True):
    """The four parts of an error, and which it is."""

    code: str
    message: str
    where: str
    why: str
    remedy: str


class _Reply(msgspec.Struct, forbid_unknown_fields=True):
    """What became of it: one of both."""

    appended: Appended | None
    company: int
    error: _Error | None


class _Promise(msgspec.Struct, forbid_unknown_fields=True):
    """What will have become of it, if this leaf is in the ledger."""

    appended: Appended
    leaf: str


_read_request = msgspec.json.Decoder(_Request).decode
_read_promise = msgspec.json.Decoder(_Promise).decode
_read_reply = msgspec.json.Decoder(_Reply).decode


def encode_request(identity: Identity, drafts: Sequence[Draft]) -> bytes | None:
    """Write down what is to be appended; None if another could not append it as well.

    Args:
        identity: Whose ledger and secret it is.
        drafts: Validated records, none of them a leg of one thing with others.
    """
    if not 0 < len(drafts) <= DRAFTS_MAX or any(draft.whole is not None for draft in drafts):
        return None
    try:
        for draft in drafts:
            # What has no exact text is refused where it is sealed, and not changed on its way.
            check_profile(draft.body)
            check_hidden(draft.hidden)
        records = [_Record(d.type, d.body, dict(d.hidden), d.key) for d in drafts]
        text = _REQUEST + _encode(_Request(records, identity.origin)) + b"\n"
    except (InputError, TypeError, UnicodeEncodeError, RecursionError):
        return None
    data = text + _code(identity.secret, text)
    return data if len(data) <= REQUEST_BYTES_MAX else None


def parse_request(identity: Identity, data: bytes) -> list[Draft] | None:
    """Read a request; None if it is none of this version, or not of a holder of the secret."""
    text = _proven(identity.secret, data, _REQUEST)
    if text is None or len(data) > REQUEST_BYTES_MAX:
        return None
    try:
        request = _read_request(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if request.origin != identity.origin or not 0 < len(request.drafts) <= DRAFTS_MAX:
        return None
    return [Draft(d.type, d.body, d.hidden, d.key) for d in request.drafts]


def code_of(request: bytes) -> bytes:
    """Return the code of a request, to which its reply is bound."""
    return request[-_CODE_BYTES:]


class Reply(NamedTuple):
    """What became of a request.

    Attributes:
        outcome: What was appended, or what is wrong with the request.
        company: How many requests were appended together with it.
    """

    outcome: Appended | LedgerError
    company: int


class Promise(NamedTuple):
    """What will have become of a request, if its leader's transaction is committed.

    Attributes:
        appended: What the reply will say; something is new.
        leaf: Hash of the last entry that is new, 32 bytes. Its salts are random, so it is in the
            ledger only if that transaction is.
    """

    appended: Appended
    leaf: bytes


def encode_promise(secret: bytes, request: bytes, promise: Promise) -> bytes:
    """Write down what will have become of a request; see `encode_reply`."""
    text = _PROMISE + _encode(_Promise(promise.appended, promise.leaf.hex())) + b"\n"
    return text + _code(secret, text, code_of(request))


def parse_promise(secret: bytes, request: bytes, data: bytes) -> Promise | None:
    """Read the last promise of what stands behind a request, or None if there is none."""
    text = _proven(secret, _parted(data)[0], _PROMISE, code_of(request))
    if text is None:
        return None
    try:
        read = _read_promise(text)
        return Promise(read.appended, bytes.fromhex(read.leaf)) if read.appended.new else None
    except (msgspec.MsgspecError, ValueError):
        return None


def encode_reply(secret: bytes, request: bytes, reply: Reply) -> bytes | None:
    """Write down what became of a request; None if its owner should meet the failure itself.

    Args:
        secret: Key of the code, 32 bytes.
        request: The bytes of the request.
        reply: What is told.
    """
    outcome = reply.outcome
    if isinstance(outcome, Appended):
        written = _Reply(outcome, reply.company, None)
    elif _ERRORS.get(outcome.code) is type(outcome):
        parts = outcome.message, outcome.where, outcome.why, outcome.remedy
        written = _Reply(None, reply.company, _Error(outcome.code, *parts))
    else:
        return None
    text = _REPLY + _encode(written) + b"\n"
    return text + _code(secret, text, code_of(request))


def parse_reply(secret: bytes, request: bytes, data: bytes) -> Reply | None:
    """Read the reply to a request; None if it is none, and above all if it answers another.

    Args:
        secret: Key of the code, 32 bytes.
        request: The bytes of the request.
        data: What stands behind it: promises, then the reply.
    """
    text = _proven(secret, _parted(data)[1], _REPLY, code_of(request))
    if text is None:
        return None
    try:
        read = _read_reply(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    told = read.error
    if told is None:
        return None if read.appended is None else Reply(read.appended, read.company)
    kind = _ERRORS.get(told.code)
    if kind is None or read.appended is not None:
        return None
    error = kind(told.message, where=told.where, why=told.why, remedy=told.remedy)
    return Reply(error, read.company)


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """Return the last promise that is whole, and what stands behind the promises."""
    promise, lines = b"", data
    while lines.startswith(_PROMISE) and lines.count(b"\n") >= _LINES:
        *head, lines = lines.split(b"\n", _LINES)
        promise = b"".join(line + b"\n" for line in head)
    return promise, lines


def _code(secret: bytes, text: bytes, about: bytes = b"") -> bytes:
    """Return the line that proves that a holder of the secret wrote this text."""
    return hmac.digest(secret, b"queue\0" + about + text, "sha256").hex().encode() + b"\n"


def _proven(secret: bytes, data: bytes, kind: bytes, about: bytes = b"") -> bytes | None:
    """Return the JSON text of a request or reply whose code holds, or None."""
    text, code = data[:-_CODE_BYTES], data[-_CODE_BYTES:]
    if not text.startswith(kind) or not text.endswith(b"\n"):
        return None
    return text[len(kind) : -1] if hmac.compare_digest(_code(secret, text, about), code) else None
