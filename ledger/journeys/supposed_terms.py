"""Supposed terms are what a contract itself says of a change that is supposed of it.

A scenario may suppose what no contract allows; whoever reads it must know that it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.hardware import Catalogue
from ledger.journeys.deals import Deal
from ledger.journeys.supposed_book import Supposed, substitute_of

__all__ = ["cautions_of"]


def cautions_of(
    deals: Sequence[Deal], changes: Sequence[Supposed], catalogue: Catalogue
) -> tuple[str, ...]:
    """Return where changes of a book are not what its contracts say.

    Args:
        deals: The contracts that stand.
        changes: What is supposed of them.
        catalogue: Knows devices by their names.
    """
    held = {deal.id: deal for deal in deals}
    return tuple(
        caution
        for change in changes
        if change.kind == "substitute" and change.contract in held
        for caution in _of_device(held[change.contract], change, catalogue)
    )


def _of_device(deal: Deal, change: Supposed, catalogue: Catalogue) -> Iterator[str]:
    """Yield what the substitution table of a contract says otherwise."""
    device, ratio = substitute_of(change.value, catalogue)
    agreed, allowed = deal.first.body["device"], deal.substitutes
    if agreed in {None, device}:
        return  # where no device is named, every one is the one agreed
    if allowed is None:
        yield f"whether {deal.id} allows {device} is not known: its terms are not held here"
        return
    if device not in allowed:
        named = f"it allows {', '.join(allowed)}" if allowed else "it allows no substitute"
        yield f"{device} is not allowed by {deal.id}: {named}"
    elif ratio != allowed[device]:
        own = allowed[device]
        yield f"the ratio that {deal.id} states is {own} {device} for one {agreed}: use :{own}"
