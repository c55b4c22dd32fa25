"""A reader takes a value of one type, strictly, or refuses it with every fault.

Types are those of the core's models: texts, whole numbers, yes and no, days, closed lists of
words, lists, tuples, mappings, models, what may be null, and unions. Any other type raises a
TypeError where it is asked for: nothing is let through because it is not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from ledger.plainmodel.container import fixed, listed, mapped, series
from ledger.plainmodel.fault import called
from ledger.plainmodel.mark import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    FieldInfo,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)
from ledger.plainmodel.scalar import SCALARS, bounded_number, bounded_text, words
from ledger.plainmodel.union import Alternative, any_of, chosen_by, chosen_by_key

__all__ = ["Reader", "reader_of"]

Reader = Callable[[Any, ValidationInfo], Any]
_EARLY: Final = frozenset({"min_length", "max_length", "pattern"})  # met as the type is read


def reader_of(kind: Any, marks: Sequence[object] = ()) -> Reader:  # noqa: ANN401 - a type
    """Return the reader of a type.

    Args:
        kind: The type, with names in it resolved.
        marks: What is said of it beside.

    Raises:
        TypeError: If the type or a mark is none that can be read here.
    """
    if get_origin(kind) is Annotated:
        inner, *said = get_args(kind)
        return reader_of(inner, [*said, *marks])
    active = [mark for mark in marks if not _says_nothing(mark)]
    _refuse_late_bounds(active)
    plain = [n for n, mark in enumerate(active) if isinstance(mark, PlainValidator)]
    if plain:
        reader = _plain(active[plain[-1]])
        active = active[plain[-1] + 1 :]
    elif get_origin(kind) in {Union, UnionType}:
        return _union(get_args(kind), active)
    else:
        bounds = [mark for mark in active if isinstance(mark, FieldInfo | StringConstraints)]
        reader = _bare(kind, bounds)
    for mark in active:
        reader = _marked(reader, mark, kind)
    return reader


def _refuse_late_bounds(marks: Sequence[object]) -> None:
    """Refuse a bound of length or form after a validator: it is one of what the validator gives."""
    late = False
    for mark in marks:
        if late and isinstance(mark, FieldInfo | StringConstraints) and mark.bounds & _EARLY:
            raise TypeError(f"a plain model knows {mark!r} before a validator only")
        late = late or isinstance(mark, AfterValidator | BeforeValidator | PlainValidator)


def _says_nothing(mark: object) -> bool:
    """Return whether a mark says nothing of how the value is read."""
    said_of_field = isinstance(mark, FieldInfo) and not mark.bounds
    return said_of_field or isinstance(mark, PlainSerializer | WithJsonSchema | Tag)


def _bare(kind: Any, bounds: Sequence[FieldInfo | StringConstraints]) -> Reader:  # noqa: ANN401 - a type
    """Return the reader of a type within its bounds of length and form."""
    origin, inside = get_origin(kind), get_args(kind)
    least, most = _bound(bounds, "min_length"), _bound(bounds, "max_length")
    if kind is str:
        forms = [each.pattern for each in bounds if isinstance(each, StringConstraints)]
        return bounded_text(least, most, [form for form in forms if form is not None])
    if origin is dict:
        return mapped(reader_of(inside[0]), reader_of(inside[1]), least, most)
    if origin is tuple and inside[-1:] == (Ellipsis,):
        return series(reader_of(inside[0]), least, most)
    if least is most is None and (reader := _unbounded(kind)) is not None:
        return reader
    raise TypeError(f"a plain model cannot read {kind!r} within {bounds!r}")


def _unbounded(kind: Any) -> Reader | None:  # noqa: ANN401 - a type
    """Return the reader of a type that has no length, or None."""
    if kind is Any:
        return lambda value, _: value
    if isinstance(kind, type) and hasattr(kind, "read_plain"):
        model: Reader = kind.read_plain
        return model
    make = _HELD.get(get_origin(kind))
    return SCALARS.get(kind) if make is None else make(get_args(kind))


_HELD: Final[Mapping[object, Callable[[Sequence[Any]], Reader]]] = {
    Literal: words,
    list: lambda inside: listed(reader_of(inside[0])),
    tuple: lambda inside: fixed([reader_of(each) for each in inside]),
}


def _marked(reader: Reader, mark: object, kind: object) -> Reader:
    """Return a reader under one more mark."""
    lengths = {"min_length", "max_length"}
    match mark:
        case BeforeValidator(func=before):
            return lambda value, info: reader(called(before, value, value), info)
        case AfterValidator(func=after):
            return lambda value, info: called(after, value, reader(value, info))
        case FieldInfo() if kind is int and mark.bounds <= {"ge", "le"}:
            return bounded_number(reader, mark.ge, mark.le)
        case FieldInfo() if mark.bounds <= lengths:
            return reader  # what has a length holds to its bounds as it is read
        case StringConstraints() if kind is str:
            return reader
    raise TypeError(f"a plain model does not know {mark!r} of {kind!r}")


def _bound(bounds: Sequence[object], name: str) -> int | None:
    """Return the one bound of that name, if there is any."""
    found = [value for each in bounds if (value := getattr(each, name)) is not None]
    if len(found) > 1:
        raise TypeError(f"{name} is said twice")
    return found[0] if found else None


def _union(kinds: Sequence[Any], marks: Sequence[object]) -> Reader:
    """Return the reader of a union: what may be null, or one of several."""
    inner = [each for each in kinds if each is not NoneType]
    if len(inner) < len(kinds):
        if not all(isinstance(mark, FieldInfo) for mark in marks):
            raise TypeError(f"a plain model does not know {marks!r} of what may be null")
        reader = reader_of(inner[0], marks) if len(inner) == 1 else _union(inner, marks)
        return lambda value, info: None if value is None else reader(value, info)
    match list(marks):
        case []:
            return any_of([Alternative(_label(each), reader_of(each)) for each in inner])
        case [Discriminator() as by]:
            return chosen_by(by, [Alternative(_tag(each), reader_of(each)) for each in inner])
        case [FieldInfo(discriminator=str(key)) as by] if by.bounds == {"discriminator"}:
            named = {word: reader_of(each) for each in inner for word in each.words(key)}
            return chosen_by_key(key, named)
    raise TypeError(f"a plain model does not know {marks!r} of a union")


def _tag(kind: object) -> str:
    """Return the tag of an alternative."""
    tags = [mark.tag for mark in get_args(kind)[1:] if isinstance(mark, Tag)]
    if len(tags) != 1:
        raise TypeError(f"{kind!r} needs one tag")
    return tags[0]


def _label(kind: Any) -> str:  # noqa: ANN401 - a type
    """Return how pydantic names an alternative without a tag in the place of a fault."""
    if get_origin(kind) is Annotated:
        return f"constrained-{get_args(kind)[0].__name__}"
    if get_origin(kind) is Literal:
        return f"literal[{','.join(map(repr, get_args(kind)))}]"
    return str(kind.__name__)


def _plain(mark: object) -> Reader:
    """Return the reader that a function is."""
    assert isinstance(mark, PlainValidator)
    function = mark.func
    return lambda value, _: called(function, value, value)
