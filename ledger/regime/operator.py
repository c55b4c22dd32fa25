"""An operator is a mapping with exactly one key, which says what is done with what stands below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ledger.modelling import ConfigDict
from ledger.regime.scalar import Node

if TYPE_CHECKING:
    from ledger.regime.expression import Expression

__all__ = ["Operator"]


class Operator(Node):
    """A mapping with exactly one key, the operator."""

    # The field names exist for code; a file can only use the operator's own word, because the
    # discriminator looks for it before any field is read.
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)
    operator: ClassVar[str]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file; the name of a fact is a part."""
        return ()
