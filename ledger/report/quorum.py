"""A quorum report says who signed a rule pack, in which roles, and whether that is enough."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.regime.quorum import Quorum, RoleCount, SignatureFound
from ledger.report.table import Column, Table

__all__ = ["QuorumDocument", "quorum_document", "quorum_schema", "quorum_tables"]

Count = Annotated[int, Field(ge=0)]


class RolePart(BaseModel):
    """One required role."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    role: str
    needed: Count = Field(description="Different signers that the trust file asks for.")
    valid: Count = Field(description="Different signers whose signatures count.")
    signers: list[str] = Field(description="Their ids in the trust file.")
    reached: bool


class SignaturePart(BaseModel):
    """One signature line."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    key: str = Field(description="Name and id of the key, as the line gives them.")
    signer: str | None = Field(description="Whose key it is; null for one that is not trusted.")
    on: date = Field(description="Day of signing, as the note states it.")
    claimed: list[str] = Field(description="Roles that the note states.")
    counts_as: list[str] = Field(description="Those for which it counts.")
    wrong: bool = Field(description="Whether a trusted key's signature is not over this pack.")
    told: str = Field(description="Why it does not count; empty when it does for all roles.")


class QuorumDocument(BaseModel):
    """What ``flopledger rules check-signatures -f json`` prints."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    schema_: Literal["flopledger/pack-signatures.v1"] = Field(alias="schema")
    pack: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the pack.")
    reached: bool = Field(description="Whether every role has enough different signers.")
    roles: list[RolePart] = Field(description="Every role that is needed.")
    shared: list[str] = Field(
        description="Roles that have enough signers each, and not enough different ones together."
    )
    signatures: list[SignaturePart]


def quorum_schema() -> dict[str, Any]:
    """Return the published schema, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/pack-signatures.v1.schema.json",
        **QuorumDocument.model_json_schema(by_alias=True, mode="serialization"),
    }


def quorum_document(quorum: Quorum) -> dict[str, Any]:
    """Return a quorum as a document."""
    document = QuorumDocument(
        schema="flopledger/pack-signatures.v1",
        pack=quorum.digest,
        reached=quorum.reached,
        roles=[
            RolePart(
                role=each.role,
                needed=each.needed,
                valid=len(each.signers),
                signers=list(each.signers),
                reached=each.reached,
            )
            for each in quorum.roles
        ],
        shared=list(quorum.shared),
        signatures=[
            SignaturePart(
                key=each.key,
                signer=each.signer,
                on=each.on,
                claimed=list(each.claimed),
                counts_as=list(each.counts_as),
                wrong=each.wrong,
                told=each.told,
            )
            for each in quorum.signatures
        ],
    )
    return document.model_dump(mode="json", by_alias=True)


def quorum_tables(quorum: Quorum) -> tuple[Table, ...]:
    """Return a quorum for people: what is needed and there, then every signature."""
    columns = (
        Column("role"),
        Column("needed", "right"),
        Column("valid", "right"),
        Column("signed by", wide=True),
    )
    roles = Table(
        f"Pack {quorum.digest}: {_verdict(quorum)}",
        columns if quorum.roles else (),
        tuple(_role(each) for each in quorum.roles),
        _notes(quorum),
    )
    seen = (
        Column("signature of", wide=True),
        Column("on"),
        Column("as", wide=True),
        Column("counts", wide=True),
    )
    rows = tuple(_signature(each) for each in quorum.signatures)
    return (roles, Table("Signatures", seen, rows))


def _verdict(quorum: Quorum) -> str:
    """Return what the signatures come to, in words."""
    if quorum.wrong:
        return "a signature is wrong"
    return "signed by all who must" if quorum.reached else "not enough signatures"


def _notes(quorum: Quorum) -> tuple[str, ...]:
    """Return what must be said of the roles."""
    notes = []
    if not quorum.roles:
        notes.append("No trust file was given, so nothing counts: --trust FILE.")
    if quorum.shared:
        people = {
            name for each in quorum.roles if each.role in quorum.shared for name in each.signers
        }
        needed = sum(each.needed for each in quorum.roles if each.role in quorum.shared)
        named = ", ".join(quorum.shared)
        notes.append(
            f"One person fills one role: {named} together need {needed} different people and "
            f"have {len(people)}."
        )
    return tuple(notes)


def _role(each: RoleCount) -> tuple[str, ...]:
    """Return one required role."""
    return each.role, str(each.needed), str(len(each.signers)), ", ".join(each.signers) or "nobody"


def _signature(each: SignatureFound) -> tuple[str, ...]:
    """Return one signature."""
    who = each.key if each.signer is None else f"{each.name} ({each.signer}), {each.key}"
    counts = (
        f"as {', '.join(each.counts_as)}" if each.counts_as else "WRONG" if each.wrong else "no"
    )
    told = f"{counts}: {each.told}" if each.told else counts
    return who, str(each.on), ", ".join(each.claimed), told
