"""A fault is one place of a value that a model does not take, and why, in the words of pydantic.

A reader raises `Refused` with every fault below it; whoever holds the value adds the step that
leads to it. So places are worked out only where something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Fault", "ModelError", "Refused", "RefusedError", "called"]


class ModelError(ValueError):
    """What a validator raises to word a fault itself.

    Args:
        kind: Stable word for the kind of fault.
        template: The message, with names of the context in braces.
        context: Values for the message, and for whoever reads the fault.
    """

    def __init__(self, kind: str, template: str, context: Mapping[str, Any] | None = None) -> None:
        """Keep the parts; the message is put together when it is asked for."""
        super().__init__(template)
        self.type = kind
        self.message_template = template
        self.context = None if context is None else dict(context)

    def message(self) -> str:
        """Return the message with its values in place."""
        text = self.message_template
        for name, value in (self.context or {}).items():
            text = text.replace("{" + name + "}", str(value))
        return text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: Stable word for the kind of fault.
        message: What should stand there.
        given: What stands there.
        context: What the message was made from, or None.
        steps: Keys and positions that lead to it, the innermost first.
    """

    kind: str
    message: str
    given: object
    context: Mapping[str, Any] | None = None
    steps: list[str | int] = field(default_factory=list)

    def details(self) -> dict[str, Any]:
        """Return the fault as pydantic lists it."""
        found: dict[str, Any] = {
            "type": self.kind,
            "loc": tuple(reversed(self.steps)),
            "msg": self.message,
            "input": self.given,
        }
        return found if self.context is None else {**found, "ctx": dict(self.context)}


class Refused(Exception):  # noqa: N818 - it never leaves this package
    """A value was not taken.

    Args:
        faults: Every fault, in the order of the value.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults."""
        super().__init__()
        self.faults = list(faults)

    @classmethod
    def because(cls, kind: str, message: str, given: object, **context: object) -> Refused:
        """Refuse a value for one reason."""
        return cls([Fault(kind, message, given, context or None)])

    def under(self, *steps: str | int) -> list[Fault]:
        """Return the faults as they are seen from a value that holds this one."""
        for each in self.faults:
            each.steps.extend(steps)
        return self.faults


class RefusedError(ValueError):
    """Every fault of a value that a model does not take.

    Args:
        title: Name of the model.
        faults: The faults.
    """

    def __init__(self, title: str, faults: list[Fault]) -> None:
        """Keep the faults."""
        super().__init__(title)
        self.title = title
        self._faults = faults

    def errors(self, *, include_url: bool = True) -> list[dict[str, Any]]:
        """Return every fault with its type, place, message, input and context."""
        del include_url  # there is no page to name
        return [each.details() for each in self._faults]

    def __str__(self) -> str:
        """Return the faults as lines."""
        count = len(self._faults)
        lines = [f"{count} validation error{'s' * (count != 1)} for {self.title}"]
        for each in self.errors():
            lines += [".".join(map(str, each["loc"])), f"  {each['msg']} [type={each['type']}]"]
        return "\n".join(lines)


def called(function: Callable[..., Any], given: object, *arguments: object) -> Any:  # noqa: ANN401 - what it makes of the value
    """Call a validator; what it raises is a fault of the value.

    Args:
        function: The validator.
        given: The value as it was given.
        arguments: What the validator is called with.

    Raises:
        Refused: If it raises a `ModelError`, another ValueError or an AssertionError.
    """
    try:
        return function(*arguments)
    except ModelError as error:
        fault = Fault(error.type, error.message(), given, error.context)
        raise Refused([fault]) from error
    except ValueError as error:
        raise Refused.because("value_error", f"Value error, {error}", given, error=error) from error
    except AssertionError as error:
        message = f"Assertion failed, {error}"
        raise Refused.because("assertion_error", message, given, error=error) from error
