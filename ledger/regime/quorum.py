"""A quorum is enough different people behind a rule pack in every role that a trust file asks for.

A signature counts for a role when a key of the trust file made it over the digest of this very
pack, on a day on which that key is trusted, and both the note and the trust file name the role. A
person counts once in a role, whatever the number of their keys and notes, and fills one role only:
where somebody holds two, different people must still be found for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain, combinations

from ledger.checkpoint import NoteSignature
from ledger.errors import IntegrityError
from ledger.keys import VerifierKey
from ledger.regime.endorsement import Signed
from ledger.regime.trust import Trust, TrustedKey

__all__ = ["Quorum", "RoleCount", "SignatureFound", "quorum_of"]


@dataclass(frozen=True, slots=True)
class SignatureFound:
    """One signature line, and what it is worth.

    Attributes:
        key: Name of the key and its id, as the line gives them.
        signer: Id of the signer in the trust file; None for a key that is not in it.
        name: Who that is; empty for a key that is not in it.
        on: Day on which the note says that it was signed.
        claimed: Roles that the note states.
        counts_as: Those of them for which it counts.
        wrong: Whether a trusted key's signature is not one over this pack.
        told: Why it does not count, or not for all roles; empty when it does.
    """

    key: str
    signer: str | None
    name: str
    on: date
    claimed: tuple[str, ...]
    counts_as: tuple[str, ...] = ()
    wrong: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class RoleCount:
    """How many different signers stand behind one required role.

    Attributes:
        role: The role.
        needed: How many the trust file asks for.
        signers: Whose signatures count, sorted.
    """

    role: str
    needed: int
    signers: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Whether there are enough."""
        return len(self.signers) >= self.needed


@dataclass(frozen=True, slots=True)
class Quorum:
    """What the signatures under a pack come to.

    Attributes:
        digest: Digest of the pack.
        roles: Every required role, in order.
        signatures: Every signature line, in the order of the files.
        shared: Roles that have enough signers each, and not enough different ones together.
    """

    digest: str
    roles: tuple[RoleCount, ...]
    signatures: tuple[SignatureFound, ...]
    shared: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Whether every role has enough signers, and all of them different ones."""
        return bool(self.roles) and not self.shared and all(role.reached for role in self.roles)

    @property
    def wrong(self) -> bool:
        """Whether a trusted key's signature is not one over this pack."""
        return any(signature.wrong for signature in self.signatures)


def quorum_of(digest: str, signed: Iterable[Signed], trust: Trust | None, *, today: date) -> Quorum:
    """Count the signatures under a pack.

    Args:
        digest: Digest of the pack, worked out from its bytes.
        signed: Notes, not checked yet.
        trust: Whose signatures count; None trusts nobody.
        today: A note of a later day does not count.
    """
    found = tuple(
        _found(each, line, digest, trust, today) for each in signed for line in each.note.signatures
    )
    needed = {} if trust is None else trust.threshold
    behind = {
        role: frozenset(f.signer for f in found if f.signer is not None and role in f.counts_as)
        for role in needed
    }
    roles = tuple(
        RoleCount(role, needed[role], tuple(sorted(behind[role]))) for role in sorted(needed)
    )
    return Quorum(digest, roles, found, next(_short(behind, needed), ()))


def _found(
    signed: Signed, line: NoteSignature, digest: str, trust: Trust | None, today: date
) -> SignatureFound:
    """Say what one signature line is worth."""
    stated = signed.endorsement
    key = f"{line.name}+{line.key_id.hex()}"
    trusted = _trusted(line, trust)
    if trust is None or trusted is None:
        told = "this key is not in the trust file" if trust is not None else "no key is trusted"
        return SignatureFound(key, None, "", stated.on, stated.roles, told=told)
    signer, keys = trusted
    held = trust.signers[signer]
    fault = _fault(signed, keys[0].key, digest)
    late = stated.on > today
    covered = any(k.from_ <= stated.on and (k.until is None or stated.on < k.until) for k in keys)
    roles = tuple(role for role in stated.roles if role in held.roles)
    if fault:
        told = fault
    elif late:
        told = f"it says to be signed on {stated.on}, and today is {today}"
    elif not covered:
        told = f"the key is not trusted for {stated.on}"
    else:
        other = [role for role in stated.roles if role not in held.roles]
        told = f"{signer} does not sign as {' or '.join(other)}" if other else ""
    counts = roles if not fault and not late and covered else ()
    return SignatureFound(
        key, signer, held.name, stated.on, stated.roles, counts, bool(fault), told
    )


def _trusted(line: NoteSignature, trust: Trust | None) -> tuple[str, list[TrustedKey]] | None:
    """Return whose key a line names, with the days of trust in it; None for a stranger's."""
    for signer, held in () if trust is None else trust.signers.items():
        keys = [k for k in held.keys if (k.key.name, k.key.key_id) == (line.name, line.key_id)]
        if keys:
            return signer, keys
    return None


def _fault(signed: Signed, key: VerifierKey, digest: str) -> str:
    """Return why a trusted key's signature is not one over this pack; empty if it is."""
    try:
        signed.note.verify(key)
    except IntegrityError as error:
        return error.message
    if signed.endorsement.digest != digest:
        return f"it is under another pack, {signed.endorsement.digest}"
    return ""


def _short(
    behind: Mapping[str, frozenset[str]], needed: Mapping[str, int]
) -> Iterator[tuple[str, ...]]:
    """Yield groups of roles, each reached by itself, that need more people than stand behind them.

    By Hall's theorem different people can be found for all roles exactly when there is no such
    group.
    """
    reached = sorted(role for role in needed if len(behind[role]) >= needed[role])
    groups = chain.from_iterable(combinations(reached, n) for n in range(2, len(reached) + 1))
    for group in groups:
        people = frozenset[str]().union(*(behind[role] for role in group))
        if len(people) < sum(needed[role] for role in group):
            yield group
