"""A measure is an exact total of operations folded from entries, with what it does not know.

A fold runs over ranges of the log in any grouping: ``Segment`` carries the Merkle range, the
totals and the other records of a range, and merging is associative with an identity. Sums keep
both ends of the legal and the error interval (a point, a band, a ceiling, or no bound), count
what has no upper bound, and are netted of reversals end by end. Every number is an exact integer:
operations, device-microseconds, or rows.
"""

from __future__ import annotations

from ledger.measure.contribution import (
    Contribution,
    Groups,
    Happened,
    Tally,
    allocation_of,
    delivered_under,
    groups_of,
    summarise,
)
from ledger.measure.engine import Engine, Leg, Measured
from ledger.measure.segment import Body, Folded, Segment, StoredRecord, merge_all, unreversed
from ledger.measure.sums import DeliveryKey, GradeKey, GradeSums, Sums, TotalKey, add_into

__all__ = [
    "Body",
    "Contribution",
    "DeliveryKey",
    "Engine",
    "Folded",
    "GradeKey",
    "GradeSums",
    "Groups",
    "Happened",
    "Leg",
    "Measured",
    "Segment",
    "StoredRecord",
    "Sums",
    "Tally",
    "TotalKey",
    "add_into",
    "allocation_of",
    "delivered_under",
    "groups_of",
    "merge_all",
    "summarise",
    "unreversed",
]
