"""The frame of a ledger is what stands around its entries: schema, meta, and the key to trust."""

from __future__ import annotations

from typing import Literal

from ledger.custody import Custody
from ledger.errors import InputError, IntegrityError
from ledger.keys import VerifierKey
from ledger.verify.evidence import Check, Evidence

__all__ = ["check_given", "check_meta", "check_schema"]


def check_schema(evidence: Evidence) -> Check:
    """Step 1: the database declares what is published, and nothing else.

    Raises:
        IntegrityError: Naming what is missing or differs.
    """
    found, published = evidence.schema, evidence.published
    for name in sorted(found.keys() | published.keys()):
        if found.get(name) != published.get(name):
            fault = "is missing" if name not in found else "is not the published one"
            raise IntegrityError(
                f"{name} {fault}",
                where=f"schema, {name}",
                why="a guard was taken away, or the tables were made over",
                remedy="compare with the page of the store in schemas/",
            )
    return Check(1, "schema", len(published))


def check_meta(evidence: Evidence) -> tuple[VerifierKey, Check]:
    """Step 2: the first key, the origin and the names of the rows belong together.

    Raises:
        IntegrityError: Naming the row.
    """
    meta = evidence.meta
    if sorted(meta) != sorted(evidence.names):
        raise IntegrityError(f"the meta table holds {', '.join(sorted(meta))}", where="table meta")
    try:
        own = VerifierKey.parse(meta["vkey"])
    except InputError as error:
        raise IntegrityError(error.message, where="meta row vkey") from error
    if own.name != meta["origin"]:
        raise IntegrityError(
            f"the ledger is named {meta['origin'][:60]!r}, its key {own.name!r}",
            where="meta row origin",
        )
    return own, Check(2, "meta", len(meta))


def check_given(given: VerifierKey | None, custody: Custody) -> Literal["given", "ledger"]:
    """Hold the keys of the ledger to the one that was given, where one was.

    Raises:
        IntegrityError: If they do not lead from it.
    """
    if given is None:
        return "ledger"
    if not custody.leads_from(given):
        raise IntegrityError(
            f"the ledger is signed with {custody.current.encode()}, not the one to be trusted",
            where="newest checkpoint",
            why="the key was revoked as compromised"
            if given in custody.keys
            else "whoever signed it does not hold the key you were given",
            remedy="ask the owner of the ledger for its key again, on another way",
        )
    return "given"
