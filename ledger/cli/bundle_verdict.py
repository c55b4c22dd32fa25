"""The part of ``flopledger verify`` that verifies a bundle under a policy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ledger.cli.context import Context
from ledger.cli.output import emit, write_text
from ledger.errors import InputError
from ledger.resources import rules_root

__all__ = ["BundleOptions", "verify_file"]


@dataclass(frozen=True, slots=True)
class BundleOptions:
    """What the options of ``verify`` say about a bundle.

    Attributes:
        bundle: The archive or folder.
        policy: The regulator's file.
        rules: The verifier's own rules; None takes those in use.
        caps: ``NAME=NUMBER`` texts that lower limits.
        transcript: HTML file to write, or None.
        fmt: Form of the output.
        output: Where it goes.
    """

    bundle: str
    policy: str | None
    rules: str | None
    caps: tuple[str, ...]
    transcript: str | None
    fmt: str | None
    output: str | None


def verify_file(context: Context, options: BundleOptions) -> int:
    """Verify a bundle, write the verdict, and return the exit status.

    Raises:
        InputError: If there is no policy, or something given cannot be read.
    """
    if options.policy is None:
        raise InputError(
            "a bundle is verified under a policy",
            why="whose keys count must not come from the file that they sign",
            remedy=f"flopledger verify {options.bundle} --policy FILE",
        )
    from ledger.standalone.examination import examine  # noqa: PLC0415 - the law is heavy to load

    law = rules_root(context.rules if options.rules is None else Path(options.rules))
    examination = examine(options.bundle, options.policy, law, options.caps)
    emit(examination.document, examination.tables, fmt=options.fmt, output=options.output)
    if options.transcript is not None:
        write_text(examination.page, options.transcript)
    return examination.verdict.exit_status
