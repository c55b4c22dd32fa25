"""A cause is why a determination comes out otherwise than it was claimed.

Told apart are rules that differ, facts that the leaves do not hold, answers to open questions,
days, what is assumed, and what only one side asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.journeys.comparing import Compared
from ledger.journeys.flip import Flip, Turn
from ledger.journeys.stance import Stance, other_readings
from ledger.journeys.weight import is_ahead
from ledger.regime.model import Regimes
from ledger.verify.bundle import Contrast

__all__ = ["Causes"]


class Causes:
    """Says why determinations differ between a claim and the verifier's own rules."""

    def __init__(
        self,
        compared: Compared | None,
        stated: Stance,
        own: Stance,
        *,
        known: Regimes,
        same: bool,
    ) -> None:
        """Index what differs by regime.

        Args:
            compared: The rules of the claim beside the verifier's; None where they are the same, or
                where the claim's are not to be had.
            stated: Whence the claim asks.
            own: Whence the verifier asks.
            known: The verifier's rules; their default readings are his.
            same: Whether the rules are the same.
        """
        self._compared = same or compared is not None
        self._changes: Mapping[str, Any] = (
            {} if compared is None else {each.new.id: each for each in compared.differences}
        )
        self._stated = stated
        self._own = own
        self._known = known

    def contrasts(self, flip: Flip) -> Iterator[Contrast]:
        """Yield each thing that a determination says otherwise, with its cause.

        Of one that the claim lacks, only what is found is told.
        """
        place = f"{flip.regime}/{flip.rule} {flip.subject}"
        if flip.old is None and flip.new is not None:
            new = flip.new
            # Not met, and met once contracts are delivered: what is foreseen is what counts.
            field, found = "finding", new.finding
            if is_ahead(new) and new.foreseen is not None:
                field, found = "foreseen", new.foreseen.finding
            why = "the claim says nothing of it: only the verifier's rules ask this of this subject"
            yield Contrast(place, field, None, found, "other_subject", why)
            return
        for turn in flip.turns:
            cause, why = self._cause(flip, turn)
            yield Contrast(place, turn.what, turn.old, turn.new, cause, why)

    def _cause(self, flip: Flip, turn: Turn) -> tuple[Any, str]:
        """Return the cause of one difference, in a word and in words."""
        if flip.new is None or flip.old is None:
            if flip.regime not in self._known:
                return "other_subject", f"the verifier's rules have no {flip.regime}"
            return "other_subject", "only the claim asks this rule of this subject"
        new = flip.new
        gone = sorted(set(new.missing) - set(flip.old.missing))
        if turn.what == "finding" and new.finding == "undetermined" and gone:
            return "withheld", (
                f"under the verifier's rules it cannot be decided: the leaves do not hold "
                f"{', '.join(gone)}"
            )
        found = self._changes.get(flip.regime)
        if found is not None:
            return self._of_law(flip, found)
        return self._of_stance(flip.regime) or self._elsewhere()

    def _of_stance(self, regime: str) -> tuple[Any, str] | None:
        """Name what the claim chose otherwise; None if it chose nothing."""
        stated, own = self._stated, self._own
        chosen = [
            f"{name} as {text}"
            for of, name, text, _ in other_readings(stated, self._known)
            if of == regime
        ]
        if chosen:
            why = (
                f"the claim reads {', '.join(chosen)}; the verifier takes the default of his rules"
            )
            return "other_reading", why
        if regime in stated.assumptions:
            return "other_law", "the claim assumes that this law is in force; the verifier does not"
        days = [
            f"{what} {said} instead of {day}"
            for what, said, day in (
                ("the law in force on", stated.in_force_on, own.in_force_on),
                ("the law known on", stated.law_known_on, own.law_known_on),
                ("work up to", stated.as_of, own.as_of),
            )
            if said != day
        ]
        return ("other_law", f"the claim asks {', '.join(days)}") if days else None

    def _elsewhere(self) -> tuple[Any, str]:
        """Return the cause of what differs for no reason of its own regime."""
        if not self._compared:
            return "other_law", "the bundle does not bring the rules of the claim to compare"
        return "other_law", "a rule, word or device outside of this regime's file differs"

    def _of_law(self, flip: Flip, found: Any) -> tuple[Any, str]:  # noqa: ANN401 - a Difference
        """Name the reading, parameter or rule that differs."""
        readings = [c.place for c in found.changes if c.section == "readings"]
        named = [_value(each) for each in found.values]
        rules = [
            f"{c.place}: {c.old or 'nothing'} → {c.new or 'nothing'}"
            for c in found.changes
            if c.is_of(flip.rule)
        ]
        others = [c.place for c in found.changes if c.section not in {"readings", "rules"}]
        words = "; ".join(_first([*named, *rules, *others]))
        if readings and not words:
            return "other_reading", f"an open question is answered otherwise: {readings[0]}"
        return "other_law", words or "the rule file of this regime differs"


def _value(change: Any) -> str:  # noqa: ANN401 - a ValueChange
    """Return a parameter that differs, in words."""
    old, new = (None if v is None else str(v.value) for v in (change.old, change.new))
    return f"parameter {change.parameter}: {old or 'nothing'} → {new or 'nothing'}"


def _first(texts: list[str]) -> list[str]:
    """Return a few of them, and how many more there are."""
    few = 4
    more = [f"and {len(texts) - few} more"] if len(texts) > few else []
    return [*texts[:few], *more]
