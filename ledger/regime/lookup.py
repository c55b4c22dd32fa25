"""A lookup is a figure of the law for the window that a subject looks at, not for the day asked.

A table of the law may fix one figure for each quarter. Whoever asks in another quarter wants the
figure of the quarter that is judged, so the value is taken that binds on the window's first day.
"""

from __future__ import annotations

from typing import ClassVar

from ledger.modelling import Field
from ledger.regime.operator import Operator
from ledger.regime.scalar import Identifier

__all__ = ["AtWindow"]


class AtWindow(Operator):
    """The value of a parameter on the first day of the subject's window."""

    operator: ClassVar[str] = "at-window"
    parameter: Identifier = Field(alias="at-window")
