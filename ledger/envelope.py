"""An envelope carries a payload with the signatures of people over it, as DSSE says.

Example, on one line and with sorted keys::

    {"payload":"eyJf…","payloadType":"application/vnd.in-toto+json",
     "signatures":[{"keyid":"law.example/anna+2e747f2a","sig":"3gROh6v78K…"}]}

What is signed is not the payload alone but ``pae(payloadType, payload)``, so that bytes signed as
one kind of thing can never be shown as another. A ``keyid`` is a hint and never trusted: keys come
from whoever verifies. Specification: ``schemas/attestation.v1.md``; source: DSSE 1.0.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self

from ledger.canonical import JSON, encode, parse
from ledger.errors import InputError, IntegrityError
from ledger.keys import Signer, VerifierKey, strict_base64

__all__ = [
    "ENVELOPE_MAX",
    "KEYID_MAX",
    "PAYLOAD_TYPE",
    "SIGNATURES_MAX",
    "Envelope",
    "EnvelopeSignature",
    "Signed",
    "keyid_of",
    "pae",
]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
ENVELOPE_MAX: Final = 32 * 1024 * 1024
"""Bytes of a file; a claimed check of five thousand determinations is about half of it."""
SIGNATURES_MAX: Final = 32
KEYID_MAX: Final = 256  # a key name of 200 characters, a plus and eight hex digits fit

_TYPE_MAX: Final = 128
_SIGNATURE_MAX: Final = 8192  # bytes; the largest signature in use, ML-DSA-87, has 4,627
_MEMBERS: Final = {"payload", "payloadType", "signatures"}


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that are signed.

    Args:
        payload_type: What kind of thing the payload is; its length is counted in UTF-8 bytes.
        payload: The bytes themselves.
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def keyid_of(key: VerifierKey) -> str:
    """Return the hint under which a key signs: its name and the eight hex digits of its id."""
    return f"{key.name}+{key.key_id.hex()}"


@dataclass(frozen=True, slots=True)
class EnvelopeSignature:
    """One signature.

    Attributes:
        keyid: Hint at the key, or None if the envelope gives none.
        signature: 64 bytes for Ed25519; other kinds are carried and count for nobody.
    """

    keyid: str | None
    signature: bytes

    def value(self) -> dict[str, JSON]:
        """Return the members as JSON has them."""
        hint: dict[str, JSON] = {} if self.keyid is None else {"keyid": self.keyid}
        return {**hint, "sig": base64.b64encode(self.signature).decode()}


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed an envelope, measured with keys from outside.

    Attributes:
        keys: Keys whose signature verified, each once, in the order of the signatures.
        unknown: Hints of the signatures by nobody known; the empty text where there is none.
    """

    keys: tuple[VerifierKey, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and its signatures; nothing in it is trusted before ``signed_by``.

    Attributes:
        payload: The bytes that are signed, as the type says.
        payload_type: What kind of thing they are.
        signatures: In the order of the file; a draft that nobody signed has none.
    """

    payload: bytes
    payload_type: str = PAYLOAD_TYPE
    signatures: tuple[EnvelopeSignature, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an envelope in canonical JSON; ``encode`` gives the same bytes again.

        Raises:
            InputError: If the bytes are not canonical, a member is missing, unknown or malformed,
                there is no signature, or one stands twice.
        """
        value = parse(data, limit=ENVELOPE_MAX)
        if not isinstance(value, dict) or set(value) != _MEMBERS:
            raise InputError("an envelope has exactly payload, payloadType and signatures")
        kind, payload, rows = value["payloadType"], value["payload"], value["signatures"]
        if not isinstance(kind, str) or not 0 < len(kind) <= _TYPE_MAX or not kind.isascii():
            raise InputError("the payloadType of the envelope is no short ASCII text")
        if not isinstance(payload, str):
            raise InputError("the payload of the envelope is not a text of base64")
        if not isinstance(rows, list) or not 0 < len(rows) <= SIGNATURES_MAX:
            raise InputError(f"an envelope holds a list of 1 to {SIGNATURES_MAX} signatures")
        signatures = tuple(_signature(row) for row in rows)
        if len({row.signature for row in signatures}) != len(signatures):
            raise InputError("the envelope holds one signature twice")
        return cls(strict_base64(payload), kind, signatures)

    def encode(self) -> bytes:
        """Return the canonical bytes of the file."""
        return encode(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.payload_type,
                "signatures": [row.value() for row in self.signatures],
            }
        )

    def sha256(self) -> str:
        """Return SHA-256 of the file's bytes, 64 hex digits: what an entry names."""
        return hashlib.sha256(self.encode()).hexdigest()

    def pae(self) -> bytes:
        """Return the bytes that every signature signs."""
        return pae(self.payload_type, self.payload)

    def sign(self, signer: Signer) -> Self:
        """Return the envelope with the signature of one more key; once signed, nothing is added."""
        key = signer.verifier
        if key in self.signed_by([key]).keys:
            return self
        line = EnvelopeSignature(keyid_of(key), signer.sign(self.pae()))
        return replace(self, signatures=(*self.signatures, line))

    def joined(self, other: Self) -> Self:
        """Return the envelope with the signatures of another over the very same payload.

        Raises:
            InputError: If the other envelope carries anything else.
        """
        if (self.payload, self.payload_type) != (other.payload, other.payload_type):
            raise InputError(
                "the two envelopes carry different statements",
                why="a signature belongs to the bytes that its owner saw",
                remedy="let everybody sign the same draft",
            )
        more = tuple(row for row in other.signatures if row not in self.signatures)
        return replace(self, signatures=self.signatures + more)

    def signed_by(self, keys: Iterable[VerifierKey]) -> Signed:
        """Say which of the given keys signed.

        A signature whose hint names a given key is checked with that key alone; any other is tried
        with all of them.

        Args:
            keys: Keys that somebody from outside vouches for; compared whole, not by their ids.

        Raises:
            IntegrityError: If a signature claims to be by one of the keys and is not.
        """
        known = tuple(dict.fromkeys(keys))
        message = self.pae()
        found: list[VerifierKey] = []
        unknown: list[str] = []
        for row in self.signatures:
            claimed = [key for key in known if keyid_of(key) == row.keyid]
            key = next((k for k in claimed or known if _verifies(k, row, message)), None)
            if key is not None:
                found.append(key)
            elif claimed:
                raise IntegrityError(
                    f"the signature that claims to be by {row.keyid} is not over this statement",
                    why="it was made over other bytes, by another key, or altered",
                    remedy="keep the file as evidence, and ask its signers for theirs",
                )
            else:
                unknown.append(row.keyid or "")
        return Signed(tuple(dict.fromkeys(found)), tuple(unknown))


def _signature(row: JSON) -> EnvelopeSignature:
    """Read one member of the list of signatures."""
    if not isinstance(row, dict) or not {"sig"} <= set(row) <= {"keyid", "sig"}:
        raise InputError("a signature of an envelope has sig and perhaps keyid, nothing else")
    keyid, text = row.get("keyid"), row["sig"]
    if "keyid" in row and not (isinstance(keyid, str) and 0 < len(keyid) <= KEYID_MAX):
        raise InputError(f"a keyid is a text of 1 to {KEYID_MAX} characters")
    if not isinstance(text, str):
        raise InputError("a signature of an envelope is not a text of base64")
    signature = strict_base64(text)
    if not 0 < len(signature) <= _SIGNATURE_MAX:
        raise InputError(f"a signature of {len(signature)} bytes")
    return EnvelopeSignature(keyid if isinstance(keyid, str) else None, signature)


def _verifies(key: VerifierKey, row: EnvelopeSignature, message: bytes) -> bool:
    """Return whether a key made a signature."""
    try:
        key.verify(row.signature, message)
    except IntegrityError:
        return False
    return True
