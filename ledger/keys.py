"""A key signs checkpoints and cosignatures: Ed25519, named as C2SP signed-note names it.

The text of a public key is ``<name>+<key id, 8 hex>+base64(type byte || public key)``; the key
id is the first four bytes of SHA-256(name || 0x0A || type byte || public key).
The type byte says what a signature of the key covers: 0x01 the text of a note itself, 0x04 a time
and the text, as a witness cosigns. Keys of type 0x06 (ML-DSA-44 cosignatures) can be read and
shown; nothing here checks or trusts what they sign.
Source: C2SP signed-note and tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ledger.errors import InputError, IntegrityError

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "ML_DSA",
    "NAME_MAX",
    "SIGNATURE_BYTES",
    "FileSigner",
    "Signer",
    "VerifierKey",
    "check_name",
    "check_origin",
    "kind_in_words",
    "strict_base64",
]

ED25519 = 0x01  # C2SP signed-note type byte of a plain Ed25519 signature
COSIGNATURE = 0x04  # of an Ed25519 cosignature with its time
ML_DSA = 0x06  # of an ML-DSA-44 cosignature with its time
NAME_MAX = 200  # an origin is written into every entry; C2SP asks logs to bound it
SIGNATURE_BYTES = 64
_PUBLIC_BYTES: Mapping[int, int] = {ED25519: 32, COSIGNATURE: 32, ML_DSA: 1312}
_KINDS: Mapping[int, str] = {
    ED25519: "an Ed25519 key of type 1",
    0x02: "an ECDSA key of type 2",
    COSIGNATURE: "an Ed25519 cosignature key of type 4",
    0x05: "an RFC 6962 tree head key of type 5",
    ML_DSA: "an ML-DSA-44 cosignature key of type 6",
}
_LOCKED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"

_NAME = re.compile(r"[!-*,-~]+")  # printable ASCII without space and plus


def check_name(name: str) -> str:
    """Return the origin or key name if it can stand in a note.

    Raises:
        InputError: If it is empty, too long, or holds a space, a plus or non-ASCII text.
    """
    if len(name) > NAME_MAX or not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:60]!r} cannot name a ledger",
            why="the name stands in every entry and every signature",
            remedy=f"use a schema-less address such as ledger.example/lab-a: 1 to {NAME_MAX} "
            "printable ASCII characters, no space, no plus",
        )
    return name


def check_origin(name: str) -> str:
    """Return the name if a new ledger can bear it.

    Raises:
        InputError: If it cannot name a key, or is an address with its scheme.
    """
    scheme, mark, rest = name.partition("://")
    if mark:
        raise InputError(
            f"{name[:60]!r} begins with the scheme {scheme}://",
            why="a ledger is named for ever, and its name is no link",
            remedy=f"write {rest or 'ledger.example/lab-a'}",
        )
    return check_name(name)


def strict_base64(text: str) -> bytes:
    """Decode canonical base64: padded, no stray bits, no other characters.

    Raises:
        InputError: If encoding the result does not give the text again.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        padded = len(text) % 4 == 0
        fault = "is not base64" if padded else "is not base64 with its padding"
        raise InputError(f"{text[:60]!r} {fault}") from error
    if base64.b64encode(data).decode() != text:
        raise InputError(f"{text[:60]!r} is not canonical base64")
    return data


def kind_in_words(kind: int) -> str:
    """Return what a key of this type byte is."""
    return _KINDS.get(kind, f"a key of the unknown type {kind}")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key.

    Attributes:
        name: Origin of the ledger or name of the witness.
        public: The public key: 32 bytes, or 1,312 of an ML-DSA-44 key.
        kind: C2SP type byte: what its signatures cover.
        key_id: The 4-byte hint that signature lines carry; it follows from the others.
    """

    name: str
    public: bytes
    kind: int = ED25519
    key_id: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out the hint once: it stands in every signature line."""
        named = self.name.encode() + b"\n" + bytes([self.kind])
        object.__setattr__(self, "key_id", hashlib.sha256(named + self.public).digest()[:4])

    @classmethod
    def parse(cls, text: str, kinds: Sequence[int] = (ED25519,)) -> Self:
        """Read the C2SP text of a key.

        Args:
            text: ``<name>+<key id>+<base64>``.
            kinds: The type bytes that are taken.

        Raises:
            InputError: If the form, the type byte, the length or the key id is wrong.
        """
        parts = text.split("+", 2)
        if len(parts) != 3:  # noqa: PLR2004 - name, id and key
            raise InputError("a verifier key has three parts joined by +", remedy="copy it whole")
        name, key_id, encoded = parts
        data = strict_base64(encoded)
        wanted = " or ".join(kind_in_words(kind) for kind in kinds)
        if not data or data[0] not in kinds:
            given = "an empty one" if not data else kind_in_words(data[0])
            raise InputError(f"the verifier key is not {wanted} but {given}")
        if len(data) != 1 + _PUBLIC_BYTES[data[0]]:
            raise InputError(
                f"the verifier key is {kind_in_words(data[0])} with {len(data) - 1} bytes, "
                f"not {_PUBLIC_BYTES[data[0]]}",
                remedy="copy it whole",
            )
        key = cls(check_name(name), data[1:], data[0])
        if key.key_id.hex() != key_id:
            raise InputError(
                f"the verifier key says id {key_id[:40]}, its bytes give {key.key_id.hex()}",
                remedy="the key was mistyped or altered: copy it again from its owner",
            )
        return key

    @property
    def label(self) -> str:
        """Name and hint, as ``<name>+<8 hex>``: for people, never for trust."""
        return f"{self.name}+{self.key_id.hex()}"

    def encode(self) -> str:
        """Return the C2SP text of the key."""
        data = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.label}+{data}"

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a signature over a message.

        Raises:
            IntegrityError: If the signature does not belong to this key and message.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise IntegrityError(f"the signature of {self.name} does not verify") from error


class Signer(Protocol):
    """Whatever holds a private key: a file, or hardware that never gives the key away.

    An implementation has a fixed public key. It signs the message as it is given (plain Ed25519,
    RFC 8032, no hash before), and gives the same signature for the same message each time: a note
    whose writing was interrupted is signed anew and must come out in the same bytes. Everything
    that is signed begins with the origin (notes), ``DSSEv1`` (envelopes) or a name and a version
    (cosignatures), so that a device can refuse to sign anything else.
    """

    @property
    def verifier(self) -> VerifierKey:
        """The public half, with the name the signatures go under."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over the message.

        Raises:
            LedgerError: If the device refuses or cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A private key that was read from a PEM file.

    Attributes:
        name: The name that signatures go under.
        private: The key; never written into a ledger or a bundle.
        verifier: The public half.
    """

    name: str
    private: Ed25519PrivateKey
    verifier: VerifierKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out the public half once: it stands under every signature."""
        verifier = VerifierKey(self.name, self.private.public_key().public_bytes_raw())
        object.__setattr__(self, "verifier", verifier)

    @classmethod
    def generate(cls, name: str) -> Self:
        """Make a new key from the system's random source."""
        return cls(check_name(name), Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """Make the key of a published 32-byte seed: for vectors and demonstrations only."""
        return cls(check_name(name), Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def parse_pem(cls, name: str, pem: bytes, passphrase: bytes | None = None) -> Self:
        """Read a PKCS#8 PEM text.

        Args:
            name: The name that signatures go under.
            pem: The text.
            passphrase: Opens a locked text; an open one is read without it.

        Raises:
            InputError: If the text holds no Ed25519 private key, or the passphrase is missing or
                is not the one.
        """
        # Slow to load, and whoever only verifies reads no private key.
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

        locked = _LOCKED in pem
        try:
            key = serialization.load_pem_private_key(pem, passphrase if locked else None)
        except TypeError as error:
            raise InputError(
                "the key file is locked with a passphrase",
                remedy="set FLOPLEDGER_KEY_PASSPHRASE, or name a file with --passphrase-file where "
                "the command has it",
            ) from error
        except UnsupportedAlgorithm as error:
            raise InputError("the key file holds a key of another kind than Ed25519") from error
        except ValueError as error:
            if locked and passphrase is not None:
                raise InputError(
                    "the passphrase does not open the key file",
                    why="it is another one, or the file is damaged",
                    remedy="give the passphrase with which the key was made",
                ) from error
            raise InputError("the key file holds no readable private key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InputError("the key file holds a key of another kind than Ed25519")
        return cls(check_name(name), key)

    def pem(self, passphrase: bytes | None = None) -> bytes:
        """Return the private key as PKCS#8 PEM, locked if there is a passphrase."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption(),
        )

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature."""
        return self.private.sign(message)
