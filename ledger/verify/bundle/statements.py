"""Statements are what people signed of a ledger: attestations, and approvals of single acts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.anchoring import Written
from ledger.attestation import ATTESTATION, Attestation, check_entry, check_follows
from ledger.bundle import Opened
from ledger.envelope import Envelope
from ledger.errors import InputError, IntegrityError
from ledger.policy import Policy
from ledger.statement import Statement
from ledger.verify.bundle.course import Course, Outcome
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.people import Naming, Signers, require_roles, signers_of
from ledger.verify.bundle.prefix import Prefix

__all__ = ["STATEMENTS_MAX", "Approved", "Statements"]

STATEMENTS_MAX: Final = 268_435_456
"""Bytes of all statements of a bundle together; each may have 32 MiB."""


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval that an entry names.

    Attributes:
        named: That entry.
        envelope: The approval with its signatures.
        member: Name of its member.
    """

    named: Naming
    envelope: Envelope
    member: str


class Statements:
    """The signed statements of a bundle, held against entries and checkpoints.

    Attributes:
        attestations: In the order of the entries that name them.
        approvals: Likewise; step 14 looks at them.
        absent: Entries whose statement the bundle does not hold.
    """

    def __init__(
        self,
        opened: Opened,
        notes: Notes,
        policy: Policy,
        origin: str,
        written: Sequence[Written],
    ) -> None:
        """Read nothing yet.

        Args:
            opened: The bundle.
            notes: Its checkpoints, whose signatures were checked.
            policy: Who may sign.
            origin: Name of the ledger.
            written: The windows of all entries.
        """
        self.attestations: list[Attestation] = []
        self.approvals: list[Approved] = []
        self.absent: list[int] = []
        self._opened = opened
        self._notes = notes
        self._policy = policy
        self._origin = origin
        self._written = written
        self._unshown: list[str] = []
        self._known = 0  # attestations that somebody signed whom the policy knows
        self._before: Statement | None = None

    def close(self, prefix: Prefix, course: Course) -> None:
        """Close step 13.

        Args:
            prefix: What the entries hold.
            course: Told what came out.

        Raises:
            IntegrityError: Naming the statement that does not belong here.
        """
        course.step = 13
        naming = [entry for entry in prefix.kept if entry.type == "attestation"]
        self._check_names({str(entry.body["envelope_sha256"]) for entry in naming})
        held = self._opened.names.attestations
        for entry in naming:
            digest = str(entry.body["envelope_sha256"])
            if digest not in held:
                self.absent.append(entry.seq)
                continue
            envelope = self._read(digest, held[digest])
            self._take(Naming.of(entry, self._written), entry.body, envelope, course)
        self._tell(course)

    def _check_names(self, named: Collection[str]) -> None:
        """Refuse statements that nothing names, and more of them than is read, before any is read.

        Args:
            named: Digests that entries name.
        """
        held = self._opened.names.attestations
        for digest in sorted(held.keys() - named):
            raise IntegrityError(
                "no entry names this statement",
                where=f"member {_member(digest)!r}",
                why="a statement that the ledger does not name may have been made later",
            )
        total = sum(self._opened.members.size(name) for name in held.values())
        if total > STATEMENTS_MAX:
            raise InputError(
                f"the statements have {total} bytes, more than the {STATEMENTS_MAX} allowed",
                where="members 'attestations/'",
            )

    def _read(self, digest: str, name: str) -> Envelope:
        """Return one envelope, which has the SHA-256 of its name."""
        data = self._opened.read(name)
        if hashlib.sha256(data).hexdigest() != digest:
            raise IntegrityError(
                "the statement has another SHA-256 than its name", where=f"member {name!r}"
            )
        try:
            return Envelope.parse(data)
        except InputError as error:
            raise IntegrityError(error.message, where=f"member {name!r}") from error

    def _take(
        self, named: Naming, body: Mapping[str, object], envelope: Envelope, course: Course
    ) -> None:
        """Hold one statement against the entry that names it."""
        seq = named.seq
        member = _member(str(body["envelope_sha256"]))
        where = f"member {member!r}, entry {seq}"
        try:
            check_entry(dict(body), seq, envelope)  # type: ignore[arg-type]
            statement = Statement.open(envelope)
            if statement.predicate_type != ATTESTATION:
                self.approvals.append(Approved(named, envelope, member))
                return
            attestation = Attestation.parse(statement)
            if not self.absent:
                number = body["number"]
                assert isinstance(number, int)
                check_follows(attestation, self._before, number=number)
            self._check_binding(attestation)
            signers = signers_of(envelope, self._policy, named)
            self._check_signers(attestation, signers)
        except (InputError, IntegrityError) as error:
            raise IntegrityError(
                error.message, seq=seq, where=where, why=error.why, remedy=error.remedy
            ) from error
        self._before = statement
        self._known += bool(signers.people)
        self.attestations.append(attestation)
        course.unknown += [f"{member}: {hint or 'no hint'}" for hint in signers.unknown]
        course.attested.append(
            f"attestation {attestation.number} over {_entries(attestation.checkpoint.size)}, "
            f"{attestation.period.start} to before {attestation.period.end}, claims "
            f"{attestation.completeness.claim}; signed by {signers.words()}"
        )

    def _check_binding(self, attestation: Attestation) -> None:
        """The log signed the state that is spoken of, and enough witnesses saw it."""
        size = attestation.checkpoint.size
        found = self._notes.assents.get(size)
        if found is None:
            raise IntegrityError(
                f"the bundle holds no signed checkpoint over {size} entries, of which the "
                "attestation speaks"
            )
        attestation.check_binding(found.checkpoint)
        witnessed = self._notes.witnessed
        if witnessed is not None and size > witnessed:
            raise IntegrityError(
                f"the attestation is about {size} entries, the witnesses cosigned {witnessed}",
                why="it rests on entries that the policy does not yet accept",
                remedy="have the checkpoint cosigned, and ask for the bundle again",
            )

    def _check_signers(self, attestation: Attestation, signers: Signers) -> None:
        """Enough different people signed in each role."""
        policy = self._policy
        if policy.attestation is None:
            return
        if signers.refused:
            raise IntegrityError(f"a signature does not count: {signers.refused[0]}")
        self._unshown += signers.unshown
        require_roles(
            signers.people,
            policy.attestation,
            apart="attestation" in (policy.four_eyes or ()),
            recorders={key.public for key in policy.log_keys(self._origin)},
            where=f"attestation {attestation.number}",
        )

    def _tell(self, course: Course) -> None:
        """Say how step 13 came out."""
        count, asked = len(self.attestations), self._policy.attestation
        if self.absent:
            note = f"the statement named by entry {self.absent[0]} is not in the bundle"
            course.close(13, count, "attestations", note, *self._unshown, outcome="withheld")
        elif self._unshown:
            course.close(13, count, "attestations", *self._unshown, outcome="withheld")
        elif count:
            note = "" if asked else "the policy does not say who must sign"
            nobody = not asked and not self._known
            told = "and nobody signed whom it knows" if nobody else ""
            outcome: Outcome = "not_asked" if nobody else "held"
            course.close(13, count, "attestations", note, told, outcome=outcome)
        elif asked:
            note = "the policy asks for signatures of people, and nobody attested anything"
            course.close(13, 0, "attestations", note, outcome="finding")
        else:
            course.close(13, 0, "attestations", "nobody attested anything", outcome="not_asked")


def _entries(count: int) -> str:
    """Return a number of entries."""
    return "1 entry" if count == 1 else f"{count} entries"


def _member(digest: str) -> str:
    """Return the member of a statement."""
    return f"attestations/{digest}.json"
