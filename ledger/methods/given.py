"""What is given to a method: names and numbers as a person writes them, each checked once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.errors import InputError, UnitError
from ledger.estimate import Inputs, attention_of, plain
from ledger.quantity import OPERATIONS_MAX, parse_number

__all__ = ["Given"]

SHAPE = ("layers", "attention_width", "context")


@dataclass(frozen=True, slots=True)
class Given:
    """Inputs of a method.

    Attributes:
        texts: Value by name, as written.
    """

    texts: Mapping[str, str]

    def check_names(self, known: Iterable[str]) -> None:
        """Refuse a name that the method does not take.

        Raises:
            InputError: There is one; the error names the nearest.
        """
        names = sorted(known)
        for name in self.texts:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                raise InputError(
                    f"the method takes no input {name!r}",
                    where="--set",
                    remedy=f"write {near[0]}=…" if near else f"inputs: {', '.join(names)}",
                )

    def has(self, name: str) -> bool:
        """Return whether an input is given."""
        return name in self.texts

    def number(self, name: str) -> Fraction:
        """Return an exact number.

        Raises:
            InputError: It is missing or not a number.
        """
        if name not in self.texts:
            raise InputError(f"the input {name} is missing", remedy=f"write --set {name}=…")
        try:
            return parse_number(self.texts[name])
        except UnitError as error:
            raise InputError(
                f"{name}: {error.message}", where="--set", remedy=error.remedy
            ) from error

    def whole(self, name: str) -> int:
        """Return a whole number within the bound of a record.

        Raises:
            InputError: It is missing, no whole number or too large.
        """
        value = self.number(name)
        if value.denominator != 1 or value > OPERATIONS_MAX:
            raise InputError(
                f"{name} is {self.texts[name]}, not a whole number up to 10^28",
                where="--set",
                remedy="check the unit",
            )
        return value.numerator

    def positive(self, name: str) -> int:
        """Return a whole number above zero.

        Raises:
            InputError: As `whole`, or it is zero.
        """
        value = self.whole(name)
        if value == 0:
            raise InputError(
                f"{name} is 0",
                where="--set",
                why="a figure of nothing is no estimate; unknown is not zero",
                remedy="give the number, or another method",
            )
        return value

    def wholes(self, *names: str) -> dict[str, int | str]:
        """Return those of the inputs that are given, as a record writes them."""
        return {name: plain(self.whole(name)) for name in names if name in self.texts}

    def word(self, name: str, words: Iterable[str], absent: str | None = None) -> str:
        """Return one of some words.

        Raises:
            InputError: It is none of them, or missing where nothing stands for that.
        """
        found = self.texts.get(name, absent)
        if found not in (allowed := tuple(words)):
            raise InputError(
                f"the input {name} is " + ("missing" if found is None else repr(found)),
                where="--set",
                remedy=f"write {name}= one of: {', '.join(allowed)}",
            )
        return found

    def attention(self) -> dict[str, int | str]:
        """Return the shape of attention as inputs of a record; nothing if none is given.

        Raises:
            InputError: It is given in part, or more layers are below the trained ones than exist.
        """
        told = [name for name in (*SHAPE, "causal") if name in self.texts]
        if not told and "forward_only_layers" not in self.texts:
            return {}
        for name in (*SHAPE, "causal"):
            if name not in self.texts:
                raise InputError(
                    f"attention needs {name} too",
                    where="--set",
                    why="half a shape gives no figure, and the kernel may halve causal attention",
                    remedy=f"give {', '.join(SHAPE)} and causal=halved or causal=full",
                )
        shape: dict[str, int | str] = {name: plain(self.positive(name)) for name in SHAPE}
        shape["causal_halved"] = int(self.word("causal", ("halved", "full")) == "halved")
        shape |= self.wholes("forward_only_layers")
        attention_of(shape)
        return shape

    def error(self, ppm: int | None, reason: str) -> tuple[Inputs, str]:
        """Return the error as inputs, and the reason for the width.

        Args:
            ppm: Error of the method, or None if none is known.
            reason: Where that error comes from.
        """
        if "error_ppm" in self.texts:
            stated: Inputs = {"error_ppm": plain(self.whole("error_ppm")), "error_basis": "stated"}
            return stated, f"the error is stated: {self.texts['error_ppm']} parts per million"
        if ppm is None:
            return {}, reason
        return {"error_ppm": ppm, "error_basis": "expert"}, reason
