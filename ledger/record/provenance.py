"""The provenance of a record is where it comes from; its evidence grade follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.record.fields import Evidence

__all__ = ["evidence_grade"]

_DOCUMENTED = frozenset({"architecture", "counter", "hardware", "framework_reported"})


def evidence_grade(body: Mapping[str, Any]) -> Evidence:
    """Return the evidence grade that follows from where a record comes from.

    A hardware-signed; B countersigned by the provider or on its invoice; D one documented method
    with its inputs; E assertion. C, two methods that agree, follows from reconciling records and
    never from one of them.
    """
    evidence = body["evidence"]
    kind = evidence["source_kind"]
    if kind == "hardware_signed":
        return "A"
    if kind in {"provider_countersigned", "invoice"}:
        return "B"
    if body.get("method") in _DOCUMENTED and body.get("method_inputs"):
        return "D"
    return "E"
