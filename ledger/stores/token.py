"""A token signs outside of this program: a program of yours is asked, the key never comes here.

``CMD vkey`` prints the public key in C2SP form. ``CMD sign`` reads the message on its standard
input, to the end, and prints the 64-byte Ed25519 signature as one line of base64. Whatever it
answers is checked with the public key before it is used. That is all a hardware key, a smart card
or a signing service behind a network needs; see ``ledger.keys.Signer`` for what it may rely on.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from ledger.errors import InputError, LedgerError
from ledger.keys import VerifierKey, strict_base64

__all__ = ["TOKEN_SECONDS", "TokenSigner"]

TOKEN_SECONDS: Final = 120
"""How long a token may take: somebody may have to touch it."""

_ANSWER_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """A signer that is another program.

    Attributes:
        command: Program and arguments; no shell reads them.
        key: The public half that it answered with.
    """

    command: tuple[str, ...]
    key: VerifierKey

    @classmethod
    def ask(cls, command: str) -> Self:
        """Ask a program for its public key.

        Args:
            command: Program and arguments, quoted as for a shell.

        Raises:
            InputError: If the command cannot be read or its answer is no key.
            LedgerError: If the program fails or takes too long.
        """
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise InputError(f"the signer command cannot be read: {error}") from error
        if not words:
            raise InputError("the signer command is empty", remedy="name the program that signs")
        return cls(words, VerifierKey.parse(_answer(words, "vkey", b"")))

    @property
    def verifier(self) -> VerifierKey:
        """The public half, with the name the signatures go under."""
        return self.key

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the program, once it verified.

        Raises:
            InputError: If the answer is no base64.
            IntegrityError: If it is no signature of this key over this message.
            LedgerError: If the program fails or takes too long.
        """
        signature = strict_base64(_answer(self.command, "sign", message))
        self.key.verify(signature, message)
        return signature


def _answer(command: Sequence[str], verb: str, given: bytes) -> str:
    """Return the one line that the program prints."""
    where = shlex.join((*command, verb))
    try:
        ran = subprocess.run(  # noqa: S603 - the program that the user names, and no shell
            (*command, verb), input=given, capture_output=True, timeout=TOKEN_SECONDS, check=False
        )
    except OSError as error:
        raise LedgerError(
            f"the signer cannot be started: {error.strerror}",
            where=where,
            remedy="give --signer-command the program that signs, with its path",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise LedgerError(
            f"the signer did not answer within {TOKEN_SECONDS} seconds",
            where=where,
            remedy="see whether it waits for a touch or a code, then run the same command again",
        ) from error
    line = ran.stdout.decode("ascii", "replace").removesuffix("\n")
    if ran.returncode or not 0 < len(line) <= _ANSWER_MAX or "\n" in line:
        said = ran.stderr.decode("utf-8", "replace").strip().split("\n")[-1][:200]
        raise LedgerError(
            f"the signer failed with status {ran.returncode}"
            if ran.returncode
            else "the signer did not answer with one line",
            where=where,
            why=said,
            remedy="try the program by itself",
        )
    return line
