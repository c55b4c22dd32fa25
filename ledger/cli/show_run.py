"""The part of ``flopledger show`` that puts all figures of one run side by side."""

from __future__ import annotations

from ledger.cli.context import Context
from ledger.cli.opening import open_reader
from ledger.cli.output import emit
from ledger.journeys.figures import figures_of
from ledger.report.figures import figures_document, figures_tables

__all__ = ["show_run"]


def show_run(context: Context, run_id: str, fmt: str | None, output: str | None) -> None:
    """Write every figure of one run beside the one that counts, and why they differ.

    Args:
        context: The global options.
        run_id: The run as recorded.
        fmt: Form of the output, or None.
        output: File to write, or None.

    Raises:
        MissingError: No record names the run.
    """
    found = figures_of(open_reader(context), run_id)
    emit(figures_document(found), figures_tables(found), fmt=fmt, output=output)
