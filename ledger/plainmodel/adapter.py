"""An adapter reads values of a type that is no model, such as a mapping of models."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, TypeVar

from ledger.plainmodel.fault import Refused, RefusedError
from ledger.plainmodel.mark import ValidationInfo
from ledger.plainmodel.reader import Reader, reader_of

__all__ = ["TypeAdapter"]

T = TypeVar("T")


class TypeAdapter(Generic[T]):
    """Reads values of a type.

    Args:
        kind: The type.
    """

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - a type
        """Keep the type; its reader is made when the first value is read."""
        self._kind = kind

    @cached_property
    def _reader(self) -> Reader:
        """The reader of the type."""
        return reader_of(self._kind)

    def validate_python(self, value: object, *, context: object = None, strict: bool) -> T:
        """Read a value.

        Args:
            value: The value.
            context: What validators are told.
            strict: Must be true; nothing is read in another way.

        Raises:
            RefusedError: If it is not what the type takes; every fault is named.
        """
        if not strict:
            raise TypeError("a plain model reads strictly only")
        try:
            found: T = self._reader(value, ValidationInfo(context))
        except Refused as refused:
            title = getattr(self._kind, "__name__", str(self._kind))
            raise RefusedError(title, refused.faults) from None
        return found
