"""An examination is one verification of a bundle on disk under a policy file and somebody's law."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ledger import __version__
from ledger.bundle import Caps
from ledger.clock import now
from ledger.determination import PlainEvaluator
from ledger.engines.ahead import Ahead
from ledger.engines.once import OnceEngine
from ledger.errors import InputError, MissingError
from ledger.journeys.recomputing import Asking
from ledger.pack import read_pack
from ledger.period import format_instant
from ledger.policy import parse_policy
from ledger.report.bundle_verdict import bundle_document, bundle_tables
from ledger.report.table import Table
from ledger.report.transcript import Occasion, transcript
from ledger.stores.bundles import open_members
from ledger.verify.bundle import BundleLeaves, BundleVerdict, verify_bundle

__all__ = ["Examination", "examine"]


@dataclass(frozen=True, slots=True)
class Examination:
    """What came out.

    Attributes:
        bundle: The bundle as it was named.
        verdict: The verdict.
        occasion: Under what it was verified, and when.
    """

    bundle: str
    verdict: BundleVerdict
    occasion: Occasion

    @property
    def document(self) -> dict[str, Any]:
        """The verdict as JSON values."""
        return bundle_document(self.verdict, self.occasion)

    @property
    def tables(self) -> list[Table]:
        """The verdict for people."""
        return bundle_tables(self.verdict, self.occasion)

    @property
    def page(self) -> str:
        """The verdict as a page of HTML to keep."""
        return transcript(self.verdict, self.occasion, self.bundle)


def examine(bundle: str, policy: str, law: Traversable, caps: Sequence[str] = ()) -> Examination:
    """Verify a bundle.

    Args:
        bundle: Path of the archive or folder.
        policy: Path of the verifier's policy.
        law: The verifier's own rules: a pack file, or a folder where YAML can be read.
        caps: ``NAME=NUMBER`` texts that lower limits.

    Raises:
        InputError: If something given cannot be read.
    """
    data = _read(Path(policy))
    read = parse_policy(data, where=policy)
    limits = Caps.parse(tuple(caps))

    ahead = Ahead()

    def recompute(leaves: BundleLeaves, packed: bytes | None) -> Asking:
        engine_of = partial(OnceEngine, ahead=ahead)
        return Asking(leaves, packed, read_pack(law), PlainEvaluator(), engine_of)

    with ExitStack() as stack:
        verdict = verify_bundle(
            lambda: stack.enter_context(open_members(Path(bundle), limits)),
            read,
            caps=limits,
            recompute=recompute,
            follower=ahead,
        )
    return Examination(bundle, verdict, Occasion.of(data, read, format_instant(now()), __version__))


def _read(path: Path) -> bytes:
    """Return the bytes of the policy."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingError(f"there is no policy {path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
