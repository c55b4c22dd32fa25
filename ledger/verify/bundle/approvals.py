"""An approval in a bundle is held against the act that the entries record."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.approval import Approval, body_digest, restatement, verify_approval
from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.errors import InputError, IntegrityError
from ledger.policy import Policy
from ledger.record.growth import precedes
from ledger.verify.bundle.course import Course, Outcome
from ledger.verify.bundle.people import require_roles, signers_of
from ledger.verify.bundle.prefix import Correction, Prefix
from ledger.verify.bundle.statements import Approved, Statements

__all__ = ["check_approvals"]

_ACT_OF = {"adoption": "adoption", "key": "key", "reversal": "restatement"}
_PROVISIONAL = "superseded_provisional"


def check_approvals(
    statements: Statements, prefix: Prefix, policy: Policy, origin: str, course: Course
) -> None:
    """Step 14: each approval is for an act recorded, and each act that needs one has it.

    Args:
        statements: Approvals that entries name, and which statements the bundle does not hold.
        prefix: What the entries record.
        policy: Which acts need a second person, and who may approve.
        origin: Name of the ledger.
        course: Told what came out.

    Raises:
        IntegrityError: Naming the act or the approval.
    """
    course.step = 14
    approvals = statements.approvals
    acts = {entry.seq: entry for entry in prefix.kept if entry.type in {"adoption", "key"}}
    approved: set[int] = set()
    unshown: list[str] = []
    for each in approvals:
        try:
            seq, doubts = _check(each, prefix, acts, policy, origin)
            approved.add(seq)
            unshown += doubts
        except (InputError, IntegrityError) as error:
            raise IntegrityError(
                error.message,
                seq=each.named.seq,
                where=f"member {each.member!r}, entry {each.named.seq}",
                why=error.why,
                remedy=error.remedy,
            ) from error
    asked = (policy.four_eyes or frozenset()) - {"attestation"}
    if not asked:
        note = "the policy asks for no second person in single acts"
        course.close(14, len(approvals), "approvals", note, outcome="not_asked")
        return
    open_ = [e for e in _needing(prefix, acts, asked) if e.seq not in approved]
    if open_ and statements.absent:
        note = f"entry {open_[0].seq} has no approval here, and a statement is not in the bundle"
        course.close(14, len(approvals), "approvals", note, outcome="withheld")
        return
    if open_:
        raise IntegrityError(
            f"nobody approved the {_ACT_OF[open_[0].type]} that entry {open_[0].seq} records",
            seq=open_[0].seq,
            why="the policy asks for the yes of a second person",
            remedy="ask who decided it; an approval can be recorded later",
        )
    told = f"asked for: {', '.join(sorted(asked))}"
    outcome: Outcome = "withheld" if unshown else "held"
    course.close(14, len(approvals), "approvals", told, *unshown, outcome=outcome)


def _needing(prefix: Prefix, acts: Mapping[int, Entry], asked: frozenset[str]) -> list[Entry]:
    """Return the entries that record an act for which the policy wants a second person."""
    found = [each for each in acts.values() if _ACT_OF[each.type] in asked]
    if "restatement" in asked:
        found += [c.entry for c in prefix.corrections.values() if not _automatic(c)]
    return sorted(found, key=lambda entry: entry.seq)


def _automatic(correction: Correction) -> bool:
    """Whether a reversal only makes room for what the same job came to.

    The program writes it together with the record that takes the place: the final one, or one of
    the same leg further on. A reversal without it takes something out of the ledger.
    """
    body = correction.entry.body
    copy = body.get("reversed")
    if body.get("reason") != _PROVISIONAL or not isinstance(copy, dict):
        return False
    if copy.get("status") != "provisional":
        return False
    after = (Entry.parse(data) for data in correction.after)
    return any(
        entry.type == body.get("reversed_type")
        and entry.body.get("idempotency_key") == copy.get("idempotency_key")
        and (entry.body["status"] == "final" or precedes(copy, entry.body))
        for entry in after
    )


def _check(
    each: Approved,
    prefix: Prefix,
    acts: Mapping[int, Entry],
    policy: Policy,
    origin: str,
) -> tuple[int, tuple[str, ...]]:
    """Check one approval.

    Returns:
        The entry that records what it approves, and why it cannot be checked that a key was still
        trusted, a sentence each.
    """
    doubts: tuple[str, ...] = ()
    found = Approval.open(each.envelope)
    if found.act == "restatement":
        seq, approved = _restated(found, each.named.seq, prefix.corrections)
    else:
        seq, approved = _done(found, acts)
    keys = [key for person in policy.people or () for key in person.keys]
    verify_approval(each.envelope, keys, act=found.act, origin=origin, approved=approved)
    if found.act in (policy.four_eyes or ()):
        signers = signers_of(each.envelope, policy, each.named)
        if signers.refused:
            raise IntegrityError(f"a signature does not count: {signers.refused[0]}")
        doubts = signers.unshown
        require_roles(
            signers.people,
            {"approver": 1},
            apart=True,
            recorders={key.public for key in policy.log_keys(origin)},
            where=f"entry {each.named.seq}",
        )
    return seq, doubts


def _restated(
    found: Approval, seq: int, corrections: Mapping[int, Correction]
) -> tuple[int, dict[str, JSON]]:
    """Return the reversal that an approval follows, and what is approved, made from the leaves."""
    replacements = found.approved.get("replacements")
    count = len(replacements) if isinstance(replacements, list) else 0
    correction = corrections.get(seq - 1 - count)
    if correction is None or len(correction.after) < count:
        raise IntegrityError(
            f"the approval speaks of a correction with {count} replacements, and none stands "
            "before it",
            why="a yes to one act is no yes to another",
        )
    bodies = [Entry.parse(data).body for data in correction.after[:count]]
    return correction.entry.seq, restatement(correction.entry.body, bodies)


def _done(found: Approval, acts: Mapping[int, Entry]) -> tuple[int, dict[str, JSON]]:
    """Return the entry that records what is approved, and that made from its leaf."""
    wanted = body_digest(found.approved)
    for entry in acts.values():
        if _ACT_OF[entry.type] == found.act and body_digest(entry.body) == wanted:
            plain = {n: value for n, value in entry.body.items() if n != "idempotency_key"}
            return entry.seq, plain
    raise IntegrityError(
        f"no entry records the {found.act} that is approved",
        why="a yes to one act is no yes to another",
    )
