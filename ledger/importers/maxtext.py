"""MaxText: the operations that MaxText reports of its steps.

Page: ``schemas/source-maxtext.v1.md``.
"""

from __future__ import annotations

from ledger.importers.maxtext_lines import MAXTEXT, is_step
from ledger.importers.step_importer import StepImporter

__all__ = ["IMPORTER"]

IMPORTER = StepImporter(MAXTEXT, is_step, ("completed step: ", "Config param max_target_length: "))
