"""Megatron: the operations that Megatron-LM and NeMo report of their iterations.

Page: ``schemas/source-megatron.v1.md``.
"""

from __future__ import annotations

from ledger.importers.megatron_lines import MEGATRON, is_iteration
from ledger.importers.step_importer import StepImporter

__all__ = ["IMPORTER"]

IMPORTER = StepImporter(MEGATRON, is_iteration)
