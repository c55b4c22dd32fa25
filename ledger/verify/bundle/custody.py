"""Custody and windows: which key signed what size, and when an entry can have been written."""

from __future__ import annotations

from ledger.bundle import Opened
from ledger.errors import IntegrityError
from ledger.policy import Policy
from ledger.verify.bundle.course import Course
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.people import trusted_at
from ledger.verify.bundle.prefix import Prefix

__all__ = ["check_custody", "check_windows"]


def check_custody(notes: Notes, prefix: Prefix, policy: Policy, course: Course) -> None:
    """Step 10."""
    del prefix
    course.step = 10
    for size, found in notes.assents.items():
        reasons = [trusted_at(policy, key, size) for key in found.log_keys]
        if all(reasons):
            raise IntegrityError(
                f"no key that signed the checkpoint over {size} entries was trusted then",
                where=f"checkpoint {size}",
                why=reasons[0],
            )
    course.close(10, len(notes.assents), "signatures")


def check_windows(
    opened: Opened, notes: Notes, prefix: Prefix, policy: Policy, course: Course
) -> None:
    """Step 11."""
    del opened, notes, prefix, policy
    course.step = 11
    course.close(11, 0, "entries", outcome="not_asked")
