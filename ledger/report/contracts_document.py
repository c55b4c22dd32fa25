"""The contracts document is the published JSON of the forward book, ``flopledger/contracts.v1``."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.journeys.contracting import Changed
from ledger.journeys.deals import Deal, Part

__all__ = ["change_document", "contracts_document", "contracts_schema"]


class _Format(BaseModel):
    """A part of the document: closed, frozen, strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PartOut(_Format):
    """One commitment of a contract that stands."""

    entry: int = Field(ge=0, description="Its entry.")
    start: date = Field(description="First day of delivery.")
    end: date = Field(description="First day after it.")
    milli_devices: int | None = Field(description="Thousandths of devices, at once.")
    agreed_us: str | None = Field(description="Device-microseconds agreed.")
    delivered_us: str | None = Field(description="Delivered; null if not known.")
    open_us: str | None = Field(description="Still to come; null if not known.")
    operations_low: str | None = Field(description="Least operations expected.")
    operations: str | None = Field(description="Operations expected.")
    operations_high: str | None = Field(description="Most operations expected.")
    model: str | None = Field(description="Model it is meant for; null while unallocated.")
    developer: str | None
    activity: str
    allocated_on: date | None = Field(
        default=None, description="Day it was meant for that; null if from the beginning."
    )
    seller: str | None = Field(default=None, description="Null where the name is not held.")
    buyer: str | None = Field(default=None, description="Null where the name is not held.")
    customer: str | None = Field(
        default=None, description="Whose capacity it becomes; null where not stated or not held."
    )
    ultimate_parent: str | None = Field(
        default=None, description="Of the customer; null where not stated or not held."
    )


class ContractOut(_Format):
    """One contract that stands."""

    contract: str
    kind: Literal["forward", "option", "reservation", "plan"]
    firmness: Literal["firm", "conditional"]
    agreed_on: date
    exercised_on: date | None
    device: str | None
    precision: str
    sparsity: str
    scale_up_gb_per_s: int | None
    scale_up_domain: int | None
    scale_out_gbit_per_s: int | None
    topology: str
    accelerators: int | None = Field(description="Devices in one connected cluster.")
    seller: str | None = Field(
        description="Of the first window; null where the name is not held. Parts say their own."
    )
    buyer: str | None = Field(
        description="Of the first window; null where the name is not held. Parts say their own."
    )
    terms: dict[str, Any] | None = Field(
        description="Terms kept in confidence, schemas/contract.v1.md; null where not held."
    )
    price: dict[str, Any] | None = Field(description="Null where not held or not stated.")
    parts: tuple[PartOut, ...]


class ContractsDocument(_Format):
    """What ``flopledger contract list -f json`` and ``contract show -f json`` print."""

    schema_: Literal["flopledger/contracts.v1"] = Field(alias="schema")
    origin: str
    as_of: date = Field(description="Last day whose deliveries count.")
    contracts: tuple[ContractOut, ...]


def contracts_document(origin: str, deals: tuple[Deal, ...], as_of: date) -> dict[str, Any]:
    """Return contracts as the published document."""
    return ContractsDocument(
        schema="flopledger/contracts.v1",
        origin=origin,
        as_of=as_of,
        contracts=tuple(_contract(deal) for deal in deals),
    ).model_dump(mode="json", by_alias=True)


def change_document(changed: Changed, what: str) -> dict[str, Any]:
    """Return what a change recorded, for programs."""
    return {
        "schema": "flopledger/contract-change.v1",
        "contract": changed.contract,
        "change": what,
        "taken_back": list(changed.taken_back),
        "entries": list(changed.entries),
        "same": changed.same,
        "untouched": list(changed.untouched),
    }


def contracts_schema() -> dict[str, Any]:
    """Return ``schemas/contracts.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/contracts.v1.schema.json",
        **ContractsDocument.model_json_schema(by_alias=True, mode="serialization"),
    }


def _contract(deal: Deal) -> ContractOut:
    """Return one contract."""
    body, price = deal.first.body, deal.price
    return ContractOut(
        contract=deal.id,
        kind=body["kind"],
        firmness=body["firmness"],
        agreed_on=date.fromisoformat(body["agreed_on"]),
        exercised_on=deal.exercised_on,
        device=body["device"],
        precision=body["precision"],
        sparsity=body["sparsity"],
        scale_up_gb_per_s=body["scale_up_gb_per_s"],
        scale_up_domain=body["scale_up_domain"],
        scale_out_gbit_per_s=body["scale_out_gbit_per_s"],
        topology=body["topology"],
        accelerators=body["concurrent_devices"],
        seller=deal.party("seller"),
        buyer=deal.party("buyer"),
        terms=None if deal.terms is None else dict(deal.terms),
        price=None if price is None else price.document(),
        parts=tuple(_part(part) for part in deal.parts),
    )


def _part(part: Part) -> PartOut:
    """Return one commitment."""
    body, terms = part.body, part.terms or {}
    allocated = body.get("allocated_on")
    unknown = part.delivered.unknown
    return PartOut(
        entry=part.seq,
        start=part.start,
        end=part.window_end,
        milli_devices=body["milli_devices"],
        agreed_us=body["device_us"],
        delivered_us=None if unknown else str(part.delivered.device_us),
        open_us=None if part.open_us is None else str(part.open_us),
        operations_low=body["operations_low"],
        operations=body["operations"],
        operations_high=body["operations_high"],
        model=part.model,
        developer=body["developer"],
        activity=body["activity"],
        allocated_on=None if allocated is None else date.fromisoformat(allocated),
        seller=part.hidden.get("seller"),
        buyer=part.hidden.get("buyer"),
        customer=terms.get("customer"),
        ultimate_parent=terms.get("ultimate_parent"),
    )
