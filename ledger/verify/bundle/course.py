"""A course is how far the steps over a bundle have come; a verdict is where they ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ledger.errors import IntegrityError
from ledger.verify.bundle.recomputation import Contrast

__all__ = ["NAMES", "UNPROVEN", "BundleVerdict", "Course", "Fault", "Identity", "Outcome", "Step"]

Outcome: TypeAlias = Literal["held", "failed", "finding", "withheld", "not_asked", "not_reached"]

NAMES: Final[Mapping[int, str]] = dict(
    enumerate(
        (
            "caps",
            "names",
            "manifest",
            "entries",
            "chain",
            "roots",
            "signatures",
            "quorum",
            "remembered",
            "custody",
            "windows",
            "ids",
            "attestations",
            "approvals",
            "totals",
            "claims",
            "own law",
            "openings",
            "redactions",
        ),
        1,
    )
)
"""The word of each step, by its number."""

UNPROVEN: Final = (
    "that every run was recorded: a run that nobody entered leaves no trace in any of this",
    "that the stated figures are right: the sums are exact, what goes into them is stated",
    "what came before the first cosigned checkpoint: until then the owner could write another past",
    "anything at all, if the owner and every witness of the policy act together",
)
"""What no step can show, whatever came out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step and how it came out.

    Attributes:
        number: 1 to 19.
        name: Its word.
        outcome: ``held``; ``failed``; ``finding`` for what must be looked at; ``withheld`` where
            something could not be checked; ``not_asked`` where the policy asks for nothing, or the
            bundle holds nothing of the kind; ``not_reached`` after a fault.
        count: How many things were checked.
        unit: What was counted, in the plural.
        notes: What is worth knowing, a sentence each.
    """

    number: int
    name: str
    outcome: Outcome
    count: int
    unit: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What ended the walk.

    Attributes:
        step: Number of the step.
        message: What does not hold.
        where: The member, line, entry or checkpoint at fault.
        seq: Number of the first bad entry, if one is at fault.
        why: What follows.
        remedy: What to do next.
    """

    step: int
    message: str
    where: str
    seq: int | None
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Which bundle was verified.

    Attributes:
        digest: SHA-256 of its manifest, 64 hex digits.
        kind: ``entries`` or ``receipts``.
        origin: Name of the ledger.
        size: Entries under its newest checkpoint.
        audience: Whom it says to be for.
        root: Merkle root over them, 64 hex digits; empty until the checkpoint was read.
        witnessed: Entries under the newest checkpoint that the quorum cosigned; None if none is
            asked.
    """

    digest: str
    kind: str
    origin: str
    size: int
    audience: str
    root: str = ""
    witnessed: int | None = None


@dataclass(frozen=True, slots=True)
class BundleVerdict:
    """Where the steps over a bundle ended.

    Attributes:
        bundle: Which one; None if its manifest could not be read.
        steps: All nineteen, in order.
        fault: What ended the walk, or None.
        contrasts: What the verifier's own law says otherwise, with the cause.
        unknown: Signatures of keys that the policy does not know: shown, never trusted.
        attested: What people signed, a line each.
    """

    bundle: Identity | None
    steps: tuple[Step, ...]
    fault: Fault | None
    contrasts: tuple[Contrast, ...]
    unknown: tuple[str, ...]
    attested: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """4 for a fault or a step not taken, 1 for a finding, 3 for what cannot be checked, 0."""
        outcomes = {step.outcome for step in self.steps}
        if self.fault is not None or "not_reached" in outcomes:
            return 4
        if "finding" in outcomes:
            return 1
        return 3 if "withheld" in outcomes else 0


class Course:
    """How far the steps have come.

    Attributes:
        step: Number of the step that is being taken: whatever is raised belongs to it.
        reached: How many things the running steps have checked so far.
        bundle: Which bundle it is, once that is known.
        contrasts: As in the verdict.
        unknown: As in the verdict.
        attested: As in the verdict.
    """

    def __init__(self) -> None:
        """Begin before the first step."""
        self.step = 1
        self.reached = 0
        self.bundle: Identity | None = None
        self.contrasts: list[Contrast] = []
        self.unknown: list[str] = []
        self.attested: list[str] = []
        self._done: dict[int, Step] = {}

    def close(
        self,
        number: int,
        count: int,
        unit: str,
        *notes: str,
        outcome: Outcome = "held",
    ) -> None:
        """Note how a step came out."""
        kept = tuple(note for note in notes if note)
        self._done[number] = Step(number, NAMES[number], outcome, count, unit, kept)

    def verdict(self, error: IntegrityError | None = None) -> BundleVerdict:
        """Return where the walk ended.

        Args:
            error: What ended it, or None if nothing did.
        """
        fault = None
        left = next((number for number in NAMES if number not in self._done), None)
        if error is None and left is not None:
            self.step = left
            error = IntegrityError(
                "the step was not taken",
                where=f"step {left}",
                why="a verdict that passes over a step shows nothing",
                remedy="this is a fault of the program: tell its maintainers",
            )
        if error is not None:
            where = error.where or f"step {self.step}"
            fault = Fault(self.step, error.message, where, error.seq, error.why, error.remedy)
            self.close(self.step, self.reached, "", error.message, outcome="failed")
        steps = tuple(
            self._done.get(number, Step(number, name, "not_reached", 0, ""))
            for number, name in NAMES.items()
        )
        return BundleVerdict(
            self.bundle,
            steps,
            fault,
            tuple(self.contrasts),
            tuple(dict.fromkeys(self.unknown)),
            tuple(self.attested),
        )
