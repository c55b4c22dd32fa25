"""A determination is the outcome for one subject under one rule: a pure function of the records.

``determine`` asks every rule of every subject of its kind, by the law of one day and the records
up to another. What it returns can be worked out again, to the same bytes, from its coordinates.
"""

from __future__ import annotations

from ledger.determination.bond import binds
from ledger.determination.determine import Asked, determine, survey
from ledger.determination.devices import CatalogueDevices, Devices, StatedDevices
from ledger.determination.model import Counts, Determination
from ledger.determination.tally import Tally, counted, tallied
from ledger.determination.verdict import Evaluator, PlainEvaluator, Ruled, Verdict, Verdicts
from ledger.determination.world import Legs, World, within_tables

__all__ = [
    "Asked",
    "CatalogueDevices",
    "Counts",
    "Determination",
    "Devices",
    "Evaluator",
    "Legs",
    "PlainEvaluator",
    "Ruled",
    "StatedDevices",
    "Tally",
    "Verdict",
    "Verdicts",
    "World",
    "binds",
    "counted",
    "determine",
    "survey",
    "tallied",
    "within_tables",
]
