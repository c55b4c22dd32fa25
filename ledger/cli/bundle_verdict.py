"""The part of ``flopledger verify`` that verifies a bundle under a policy."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger import __version__
from ledger.bundle import Caps
from ledger.cli.clock import now
from ledger.cli.context import Context
from ledger.cli.output import emit, write_text
from ledger.errors import InputError, MissingError
from ledger.period import format_instant
from ledger.policy import parse_policy
from ledger.report.bundle_verdict import bundle_document, bundle_tables
from ledger.report.transcript import Occasion, transcript
from ledger.resources import rules_root
from ledger.stores.bundles import open_members
from ledger.verify.bundle import BundleVerdict, verify_bundle

if TYPE_CHECKING:
    from ledger.journeys.recomputing import Asking
    from ledger.verify.bundle import BundleLeaves

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
    data = _read(Path(options.policy), "policy")
    policy = parse_policy(data, where=options.policy)
    caps = Caps.parse(options.caps)
    law = rules_root(context.rules if options.rules is None else Path(options.rules))

    def recompute(leaves: BundleLeaves, packed: bytes | None) -> Asking:
        from ledger.determination import PlainEvaluator  # noqa: PLC0415 - not without statements
        from ledger.engines.plain import PlainEngine  # noqa: PLC0415
        from ledger.journeys.recomputing import Asking  # noqa: PLC0415
        from ledger.pack import read_pack  # noqa: PLC0415

        return Asking(leaves, packed, read_pack(law), PlainEvaluator(), PlainEngine)

    with ExitStack() as stack:
        verdict = verify_bundle(
            lambda: stack.enter_context(open_members(Path(options.bundle), caps)),
            policy,
            caps=caps,
            recompute=recompute,
        )
    _write(verdict, options, Occasion.of(data, policy, format_instant(now()), __version__))
    return verdict.exit_status


def _write(verdict: BundleVerdict, options: BundleOptions, occasion: Occasion) -> None:
    """Write the verdict, and the transcript if one is asked for."""
    emit(
        bundle_document(verdict, occasion),
        bundle_tables(verdict, occasion),
        fmt=options.fmt,
        output=options.output,
    )
    if options.transcript is not None:
        write_text(transcript(verdict, occasion, options.bundle), options.transcript)


def _read(path: Path, what: str) -> bytes:
    """Return the bytes of a file."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingError(f"there is no {what} {path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
