"""A roster is the people of a policy: who may sign, each with keys of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ledger.errors import InputError
from ledger.keys import VerifierKey
from ledger.policy.terms import Person

__all__ = ["check_asked", "check_once", "check_roster"]


def check_roster(people: Sequence[Person], logs: Iterable[VerifierKey], where: str) -> None:
    """Refuse two people of one name or with one key, and one key under two names.

    Args:
        people: In the order of the policy.
        logs: Keys of logs; whoever keeps a ledger may be one of the people, under the same key.
        where: The member, for messages.

    Raises:
        InputError: Naming the people or the keys.
    """
    check_once([person.name for person in people], where)
    names: dict[bytes, set[VerifierKey]] = {}
    for key in logs:
        names.setdefault(key.public, set()).add(key)
    owners: dict[bytes, str] = {}
    for person in people:
        check_once([key.encode() for key in person.keys], where)
        for key in person.keys:
            other = owners.setdefault(key.public, person.name)
            if other != person.name:
                raise InputError(
                    f"{other} and {person.name} have the same key {key.label}",
                    where=where,
                    why="one signature would count as two people",
                )
            _check_name(names.setdefault(key.public, {key}), key, person.name, where)


def _check_name(held: Collection[VerifierKey], key: VerifierKey, person: str, where: str) -> None:
    """Refuse a key that stands under other names alone before."""
    if key not in held:
        other = min(each.label for each in held)
        raise InputError(
            f"the keys {other} and {key.label} of {person} are one key under two names",
            where=where,
            why="limits and revocations of the one would not bind the other",
            remedy="give it one name, the same everywhere",
        )


def check_asked(acts: Collection[str], needed: Mapping[str, int] | None, where: str) -> None:
    """Refuse four eyes over attestations that nobody is asked to sign.

    Raises:
        InputError: If that is asked.
    """
    if "attestation" in acts and needed is None:
        raise InputError(
            "four eyes are asked of attestations, and nobody is asked to sign one",
            where=where,
            why="it would ask for nothing, and look as if it did",
            remedy='say who must sign, such as "attestation": {"officer": 1, "approver": 1}, or '
            "leave attestation out of four_eyes",
        )


def check_once(words: Iterable[str], where: str) -> None:
    """Refuse a list in which something stands twice.

    Raises:
        InputError: Naming it.
    """
    seen = set[str]()
    for word in words:
        if word in seen:
            raise InputError(f"{word[:80]} stands twice", where=where, remedy="name it once")
        seen.add(word)
