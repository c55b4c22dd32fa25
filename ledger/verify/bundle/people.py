"""People sign statements; what counts is how many of them there are, and in which roles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.envelope import Envelope
from ledger.errors import IntegrityError
from ledger.keys import VerifierKey
from ledger.policy import Person, Policy

__all__ = ["Signers", "require_roles", "signers_of", "trusted_at"]


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signed a statement.

    Attributes:
        people: People of the policy, each once.
        refused: Names of those whose key was not trusted at that size, with the reason.
        unknown: Hints of signatures by nobody known; shown, never trusted.
    """

    people: tuple[Person, ...]
    refused: tuple[str, ...]
    unknown: tuple[str, ...]

    def words(self) -> str:
        """Return the names with their roles."""
        named = [f"{p.name} ({', '.join(sorted(p.roles))})" for p in self.people]
        if self.unknown:
            named.append(f"{len(self.unknown)} by keys that the policy does not know")
        return "; ".join(named) or "nobody"


def signers_of(envelope: Envelope, policy: Policy, *, size: int) -> Signers:
    """Return who signed a statement, keys coming from the policy alone.

    Args:
        envelope: The statement with its signatures.
        policy: Who is known.
        size: Entries in the ledger when it was signed, for keys whose trust begins or ends.

    Raises:
        IntegrityError: If a signature claims to be by a known key and is not.
    """
    keys = [key for person in policy.people or () for key in person.keys]
    signed = envelope.signed_by(keys)
    people: list[Person] = []
    refused: list[str] = []
    for key in signed.keys:
        person = policy.person(key)
        assert person is not None
        why = trusted_at(policy, key, size)
        if why:
            refused.append(f"{person.name}: {why}")
        elif person not in people:
            people.append(person)
    return Signers(tuple(people), tuple(refused), signed.unknown)


def trusted_at(policy: Policy, key: VerifierKey, size: int) -> str:
    """Return why a key is not trusted at a size of the ledger; empty if it is."""
    term = policy.term(key)
    if size < term.from_size:
        return f"the key is trusted from size {term.from_size} on"
    if term.to_size is not None and size >= term.to_size:
        return f"the key is trusted below size {term.to_size}"
    if term.revoked is not None and size >= term.revoked.from_size:
        return f"the key was revoked from size {term.revoked.from_size} ({term.revoked.reason})"
    return ""


def require_roles(
    people: Sequence[Person],
    needed: Mapping[str, int],
    *,
    apart: bool,
    recorders: Collection[bytes],
    where: str,
) -> None:
    """Do nothing if so many different people signed in each role.

    Args:
        people: Who signed.
        needed: How many people in each role.
        apart: Whether nobody may fill two roles, and no holder of a log key any but recorder.
        recorders: Public keys of the log.
        where: The statement, for messages.

    Raises:
        IntegrityError: Naming the role that is short.
    """
    for role, count in needed.items():
        able = [each for each in people if _may(each, role, apart=apart, recorders=recorders)]
        if len(able) < count:
            holding = [p.name for p in people if role in p.roles and p not in able]
            raise IntegrityError(
                f"{len(able)} people signed as {role}, and the policy asks for {count}",
                where=where,
                why=f"{', '.join(holding)} holds the key of the log: whoever records does not "
                "approve"
                if holding
                else "signatures of one person count once, those of unknown keys not at all",
                remedy="ask for the statement with the missing signatures",
            )
    if apart and not _placed(people, needed, recorders):
        raise IntegrityError(
            "somebody would have to fill two of the roles: too few different people signed",
            where=where,
            why="the policy asks for four eyes: one person stands for one role",
            remedy="ask for the statement with the signature of one more person",
        )


def _may(person: Person, role: str, *, apart: bool, recorders: Collection[bytes]) -> bool:
    """Whether a person can stand for a role."""
    if role not in person.roles:
        return False
    records = any(key.public in recorders for key in person.keys)
    return not (apart and records and role != "recorder")


def _placed(
    people: Sequence[Person], needed: Mapping[str, int], recorders: Collection[bytes]
) -> bool:
    """Whether every place of every role can be filled by a person of its own."""
    places = [role for role, count in needed.items() for _ in range(count)]
    holder: dict[str, int] = {}

    def fill(place: int, tried: set[str]) -> bool:
        role = places[place]
        for person in _able(people, role, recorders):
            if person.name in tried:
                continue
            tried.add(person.name)
            if person.name not in holder or fill(holder[person.name], tried):
                holder[person.name] = place
                return True
        return False

    return all(fill(place, set()) for place in range(len(places)))


def _able(people: Sequence[Person], role: str, recorders: Collection[bytes]) -> Iterable[Person]:
    """Return who can stand for a role under four eyes."""
    return [each for each in people if _may(each, role, apart=True, recorders=recorders)]
