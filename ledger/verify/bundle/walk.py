"""The walk takes the nineteen steps over a bundle and ends at the first fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from ledger.attestation import Attestation
from ledger.bundle import Caps, Manifest, Members, Opened
from ledger.bundle.names import ENTRIES
from ledger.errors import IntegrityError
from ledger.policy import Policy
from ledger.verify.bundle.approvals import check_approvals
from ledger.verify.bundle.course import BundleVerdict, Course, Identity, Outcome
from ledger.verify.bundle.custody import check_custody
from ledger.verify.bundle.leaves import BundleLeaves
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.openings import Disclosed, check_redactions
from ledger.verify.bundle.prefix import REVERSAL, Follower, Prefix
from ledger.verify.bundle.receipts import check_receipts
from ledger.verify.bundle.recomputation import Comparison, Contrast, Recomputation
from ledger.verify.bundle.statements import Statements
from ledger.verify.bundle.timestamps import Stamps
from ledger.verify.bundle.windows import check_windows, outside

__all__ = ["Recompute", "verify_bundle"]

Recompute: TypeAlias = Callable[[BundleLeaves, bytes | None], Recomputation]


class _Asked(NamedTuple):
    """Who asks the law, and who gathers for it."""

    recompute: Recompute | None
    follower: Follower | None


def verify_bundle(
    members: Callable[[], Members],
    policy: Policy,
    *,
    caps: Caps | None = None,
    recompute: Recompute | None = None,
    follower: Follower | None = None,
) -> BundleVerdict:
    """Check everything in a bundle, in the steps of ``ledger.verify.bundle``.

    Memory stays small: entries and disclosures are read side by side, and never held.

    Args:
        members: Opens the bundle.
        policy: Whose keys count, and what is asked.
        caps: Limits; the largest by default.
        recompute: Makes what asks the law, from the leaves and the bundle's own rules; None
            leaves steps 15 to 17 unchecked, and says so.
        follower: Sees every entry as it is checked, for what will ask the law.

    Returns:
        How each step came out. A fault is in the verdict and is not raised.

    Raises:
        InputError: If the bundle cannot be read, or is beyond a cap.
        LedgerError: If ids that were put aside in a temporary file cannot be read.
    """
    course = Course()
    try:
        _walk(members(), policy, caps or Caps(), _Asked(recompute, follower), course)
    except IntegrityError as error:
        return course.verdict(error)
    return course.verdict()


def _walk(members: Members, policy: Policy, caps: Caps, asked: _Asked, course: Course) -> None:
    """Take every step."""
    course.step = 2
    opened = Opened(members, caps)
    total = sum(members.size(name) for name in opened.names.all)
    course.close(1, len(opened.names.all), "members", f"{total} bytes unpacked, nothing extracted")
    course.close(2, len(opened.names.all), "names")
    manifest = _check_manifest(opened, course)
    if manifest.kind == "receipts":
        check_receipts(opened, manifest, policy, course)
        return
    course.step = 6
    notes = Notes(opened, manifest, policy)
    disclosed = Disclosed(opened)
    prefix = Prefix(opened, manifest.origin, course, asked.follower)
    covered = prefix.run(notes.stated(), disclosed)
    prefix.close()
    notes.close(prefix.size, course)
    assert course.bundle is not None
    root = covered.root().hex()
    course.bundle = replace(course.bundle, root=root, witnessed=notes.witnessed)
    course.step = 11
    stamps = Stamps(opened, notes, policy)
    check_custody(notes, stamps, prefix, policy, course)
    course.step = 11
    seen = outside(opened, notes, stamps, policy)
    written = check_windows(seen, stamps, prefix, policy, course)
    statements = Statements(opened, notes, policy, manifest.origin, written)
    statements.close(prefix, course)
    check_approvals(statements, prefix, policy, manifest.origin, course)
    _recompute(opened, prefix.leaves, statements.attestations, asked.recompute, course)
    disclosed.close(course)
    check_redactions(opened, manifest, disclosed, course)


def _check_manifest(opened: Opened, course: Course) -> Manifest:
    """Step 3: every member has the digest and length that the manifest lists."""
    course.step = 3
    manifest, digest = opened.manifest()
    course.bundle = Identity(
        digest, manifest.kind, manifest.origin, manifest.size, manifest.audience
    )
    for number, name in enumerate(manifest.members, 1):
        opened.check_member(name, manifest, *(REVERSAL,) if name == ENTRIES else ())
        course.reached = number
    course.close(3, len(manifest.members), "digests", f"bundle {digest}")
    course.reached = 0
    return manifest


def _recompute(
    opened: Opened,
    leaves: BundleLeaves,
    attestations: list[Attestation],
    recompute: Recompute | None,
    course: Course,
) -> None:
    """Steps 15 to 17: work out again what was attested."""
    lacking = ""
    if not attestations:
        lacking = "nobody attested anything"
    elif recompute is None:
        lacking = "this program cannot ask the law"
    if lacking or recompute is None:
        for step, unit in ((15, "figures"), (16, "determinations"), (17, "determinations")):
            outcome = "not_asked" if not attestations else "withheld"
            course.close(step, 0, unit, lacking, outcome=outcome)  # type: ignore[arg-type]
        return
    course.step = 15
    law = recompute(leaves, opened.pack())
    _settle([law.totals(each) for each in attestations], 15, "figures", course)
    course.step = 16
    _settle([law.claims(each) for each in attestations], 16, "determinations", course)
    course.step = 17
    compared = [law.own_law(each) for each in attestations]
    compared.append(law.beyond(attestations[-1]))
    course.contrasts += [contrast for each in compared for contrast in each.contrasts]
    _close(compared, 17, "determinations", course)


def _settle(compared: list[Comparison], step: int, unit: str, course: Course) -> None:
    """Close a step in which nothing may differ.

    Raises:
        IntegrityError: At the first figure or determination that comes out otherwise.
    """
    for number, each in enumerate(compared, 1):
        if each.contrasts:
            raise _otherwise(number, each.contrasts[0], len(each.contrasts))
    _close(compared, step, unit, course)


def _close(compared: list[Comparison], step: int, unit: str, course: Course) -> None:
    """Close a step with what was compared."""
    count = sum(each.count for each in compared)
    found = [text for each in compared for text in each.findings]
    notes = dict.fromkeys(note for each in compared for note in (each.lacking, *each.notes))
    differ = sum(len(each.contrasts) for each in compared)
    lacking = any(each.lacking for each in compared)
    if differ:
        word = "1 difference" if differ == 1 else f"{differ} differences"
        found.insert(0, f"{word}, explained below")
    outcome: Outcome = "held" if count else "not_asked"
    if found or lacking:
        outcome = "finding" if found else "withheld"
    course.close(step, count, unit, *found, *notes, outcome=outcome)


def _otherwise(number: int, contrast: Contrast, differ: int) -> IntegrityError:
    """Return the error for what comes out otherwise than was attested."""
    where = f"attestation {number}, {contrast.place}"
    field = f" {contrast.field}" if contrast.field else ""
    more = f"; {differ} differences in all" if differ > 1 else ""
    return IntegrityError(
        f"attested{field}: {_short(contrast.stated)}; the leaves give "
        f"{_short(contrast.found)}{more}",
        where=where,
        why=contrast.why,
        remedy="keep the file as evidence, and ask whoever signed it",
    )


def _short(value: object) -> str:
    """Return a value short enough for a sentence."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 - a line
