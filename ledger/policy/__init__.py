"""A policy is one regulator's file: whose keys count, and what a ledger must show.

It is plain C2SP tlog-policy text, or JSON (``flopledger/policy.v1``) that holds these lines and
says more: limits of keys, people and their roles, windows of time, checkpoints from earlier. It
needs only the standard library and ``cryptography``: no key, name or number of a policy ever
comes from the file that is verified under it. Specification: ``schemas/policy.v1.md``.
"""

from __future__ import annotations

from ledger.errors import InputError
from ledger.policy.assent import Assent, Cosigned, assent, seen_by
from ledger.policy.document import SCHEMA, parse_document
from ledger.policy.lines import parse_lines
from ledger.policy.terms import (
    MEMBERS,
    Act,
    Group,
    KeyTerm,
    Log,
    Person,
    Policy,
    Quorum,
    Witness,
)

__all__ = [
    "MEMBERS",
    "POLICY_MAX",
    "SCHEMA",
    "Act",
    "Assent",
    "Cosigned",
    "Group",
    "KeyTerm",
    "Log",
    "Person",
    "Policy",
    "Quorum",
    "Witness",
    "assent",
    "parse_policy",
    "seen_by",
]

POLICY_MAX = 500_000  # bytes; a policy of 32 logs, witnesses and groups has under 10,000


def parse_policy(data: bytes, *, where: str = "policy") -> Policy:
    """Read a policy in either form: JSON if its first byte is ``{``, else C2SP lines.

    Args:
        data: The file.
        where: Its name, for messages.

    Raises:
        InputError: If it is no policy; names the line or member and what to write.
    """
    if len(data) > POLICY_MAX:
        raise InputError(f"a policy of {len(data)} bytes, more than {POLICY_MAX}", where=where)
    if data.startswith(b"{"):
        return parse_document(data, limit=POLICY_MAX, where=where)
    if not data.endswith(b"\n"):
        raise InputError(
            "the last line of the policy has no newline",
            where=where,
            why="a file that was cut short would look whole",
            remedy="end every line with a newline",
        )
    return parse_lines(data[:-1].split(b"\n"), where=where)
