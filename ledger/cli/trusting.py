"""Trusting: whose keys a command goes by, from a policy or given one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from ledger.errors import InputError
from ledger.journeys.receipts import policy_of_keys
from ledger.keys import COSIGNATURE, ED25519, VerifierKey
from ledger.policy import POLICY_MAX, Policy, parse_policy

__all__ = ["read_bytes", "read_policy", "trust_options", "trusted"]

P = ParamSpec("P")
R = TypeVar("R")


def trust_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command ``--vkey`` and ``--policy`` as ``vkey`` and ``policy``."""
    vkey = click.option(
        "--vkey",
        metavar="TEXT",
        multiple=True,
        help="A key to trust, of the log or of a witness; give it once for each.",
    )
    policy = click.option(
        "--policy", metavar="FILE", help="A policy with the keys to trust and the quorum needed."
    )
    return vkey(policy(command))


def trusted(vkey: Sequence[str], policy: str | None) -> Policy | None:
    """Return what a command goes by, or None if neither option was given.

    Raises:
        InputError: If both were given, or one cannot be read.
    """
    if vkey and policy is not None:
        raise InputError("give --vkey or --policy, not both")
    if policy is not None:
        return read_policy(policy)
    if not vkey:
        return None
    return policy_of_keys([VerifierKey.parse(text, (ED25519, COSIGNATURE)) for text in vkey])


def read_policy(name: str) -> Policy:
    """Read a policy file; ``-`` is stdin.

    Raises:
        InputError: If it is not there or no policy.
    """
    return parse_policy(read_bytes(name, POLICY_MAX), where=name)


def read_bytes(name: str, limit: int) -> bytes:
    """Read a file, or stdin for ``-``, but never more than one byte over a limit.

    Args:
        name: Path as the user gave it.
        limit: Longest content that can be right; the parser refuses what is longer.

    Raises:
        InputError: If it cannot be read.
    """
    if name == "-":
        return sys.stdin.buffer.read(limit + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise InputError(
            f"cannot read {name}: {error.strerror or error}", remedy="check the name of the file"
        ) from error
