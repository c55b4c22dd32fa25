"""An allocation is a recorded leg: what was held, its ceiling, and the operations done if known."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from ledger.form.rules import Amounts, Times, period_of
from ledger.modelling import Field, model_validator
from ledger.period import Period
from ledger.record.fields import (
    Activity,
    Body,
    Count,
    Day,
    Digits,
    EvidenceStatement,
    Identifier,
    Instant,
    Method,
    OperationKind,
    Operations,
    Precision,
    Sha256,
    Sparsity,
    Text,
    Topology,
    agree,
)

__all__ = ["Allocation", "Fabric"]

Milliseconds = Annotated[int, Field(ge=0, le=999)]
InputValue = Annotated[int, Field(ge=-(2**53) + 1, le=2**53 - 1)] | Text


class Fabric(Body):
    """Measured numbers of the interconnect; grades are derived from them, never stored.

    Attributes:
        scale_up_gb_per_s: GB/s per device, both directions summed.
        scale_up_domain: Devices in one scale-up domain.
        scale_out_gbit_per_s: Gbit/s per device, one direction.
        topology: Declared shape of the scale-out network.
        concurrent_devices: Devices working on the run at the same time.
    """

    scale_up_gb_per_s: Count | None
    scale_up_domain: Count | None
    scale_out_gbit_per_s: Count | None
    topology: Topology
    concurrent_devices: Count | None


class Allocation(Fabric):
    """One leg of one run.

    A dated leg lies within one UTC day; an undated one states ``not_after``. Operations are exact
    integers as digits; null says that nobody has stated the figure, which is not zero.

    Attributes:
        run: Identifier of the run.
        model: Model that the run serves.
        developer: Who develops it; null if not stated.
        activity: What the device time was spent on.
        extent: ``own``, or ``cumulative`` for a published figure that includes ancestors.
        start: First second of the leg; null if undated.
        start_ms: Milliseconds to add to ``start``.
        end: Second of the end; null if undated.
        end_ms: Milliseconds to add to ``end``; the leg is half-open.
        not_after: Day by whose end an undated leg was over.
        device: Catalogue id; null if not stated.
        milli_devices: Thousandths of devices held.
        device_us: milli_devices × milliseconds, which are device-microseconds.
        precision: Operand format of the matrix products.
        sparsity: Whether structured sparsity was used.
        operation_kind: Floating-point or integer operations.
        catalogue_digest: SHA-256 of the catalogue that the peak was read from.
        peak_operations_per_s: Dense peak of one device at this precision, operations a second.
        ceiling_operations: floor(device_us × peak ÷ 10^6): no leg can do more.
        operations: Operations done, if one figure is stated.
        operations_low: Lower end of the stated range.
        operations_high: Upper end of the stated range.
        operations_executed: Operations with recomputation, if stated.
        method: How the figure was obtained.
        method_inputs: The inputs, so that anybody can compute it again.
        evidence: Where the record comes from.
        commitment: Contract that this delivers on.
        status: ``provisional`` while the job runs.
        role: ``corroborating`` records never add.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset(
        {"run_name", "site", "cluster", "operator", "cost_centre", "notes"}
    )
    PSEUDONYMS: ClassVar[frozenset[str]] = frozenset({"site", "cluster", "operator"})

    run: Identifier
    model: Identifier
    developer: Identifier | None
    activity: Activity
    extent: Literal["own", "cumulative"]
    start: Instant | None
    start_ms: Milliseconds
    end: Instant | None
    end_ms: Milliseconds
    not_after: Day | None
    device: Identifier | None
    milli_devices: Count | None
    device_us: Digits | None
    precision: Precision
    sparsity: Sparsity
    operation_kind: OperationKind
    catalogue_digest: Sha256 | None
    peak_operations_per_s: Digits | None
    ceiling_operations: Digits | None
    operations: Operations | None
    operations_low: Operations | None
    operations_high: Operations | None
    operations_executed: Operations | None
    method: Method
    method_inputs: dict[Identifier, InputValue]
    evidence: EvidenceStatement
    commitment: Identifier | None
    status: Literal["provisional", "final"]
    role: Literal["primary", "corroborating"]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        """Times, device time, range and ceiling belong together."""
        agree(self, Times, Amounts)
        return self

    def period(self) -> Period | None:
        """Return when the leg ran, exact to the millisecond, or None if undated."""
        if self.start is None or self.end is None:
            return None
        return period_of(self.start, self.start_ms, self.end, self.end_ms)
