"""An exact column keeps whole numbers of any length in a sheet, and adds them up by formulas.

A cell of a workbook holds no more than 15 digits of a number. So each number stands there as text,
as the nearest number beside it, and in limbs of nine digits, which are added and carried exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["LIMBS", "ExactColumn", "letters", "limbs_of"]

LIMBS: Final = 5
"""Limbs of a number: 45 digits, more than a ledger can add up to."""
_DIGITS: Final = 9
_ZEROS: Final = "0" * _DIGITS


@dataclass(frozen=True, slots=True)
class ExactColumn:
    """Where one exact column stands: text, number, and limbs from the highest to the lowest.

    Attributes:
        text: Column of the text, from 0.
        limbs: Column of the highest limb.
    """

    text: int
    limbs: int

    @property
    def number(self) -> int:
        """Column of the nearest number."""
        return self.text + 1

    def number_formula(self, row: int) -> str:
        """Return the nearest number of a text; rows count from 1."""
        return f"=VALUE({letters(self.text)}{row})"

    def limb_formula(self, row: int, limb: int) -> str:
        """Return one limb of a text."""
        width = LIMBS * _DIGITS
        cell = f"{letters(self.text)}{row}"
        padded = f'RIGHT(REPT("0",{width})&{cell},{width})'
        return f"=VALUE(MID({padded},{1 + limb * _DIGITS},{_DIGITS}))"

    def carry_formula(self, row: int, limb: int, added: str) -> str:
        """Return one limb of a sum, with what the next lower one carries over.

        Args:
            row: The row of the sum.
            limb: Place of the limb, 0 the highest.
            added: What adds the limbs of that place up.
        """
        if limb == LIMBS - 1:
            return f"={added}"
        return f"={added}+INT({letters(self.limbs + limb + 1)}{row}/10^{_DIGITS})"

    def sum_formula(self, row: int) -> str:
        """Return the text of a sum from its carried limbs, without zeros in front."""
        cells = [f"MOD({letters(self.limbs + i)}{row},10^{_DIGITS})" for i in range(LIMBS)]
        told = f'TEXT({cells[-1]},"0")'
        for first in range(LIMBS - 2, -1, -1):
            below = "".join(f'&TEXT({cell},"{_ZEROS}")' for cell in cells[first + 1 :])
            # The highest limb that is not nothing begins the number.
            told = f'IF({cells[first]}>0,TEXT({cells[first]},"0"){below},{told})'
        return f"={told}"


def letters(column: int) -> str:
    """Return the letters of a column, counted from 0."""
    above, place = divmod(column, 26)
    return (letters(above - 1) if above else "") + chr(ord("A") + place)


def limbs_of(value: int) -> tuple[int, ...]:
    """Return the limbs of a number, the highest first."""
    base = 10**_DIGITS
    return tuple(value // base**place % base for place in range(LIMBS - 1, -1, -1))
