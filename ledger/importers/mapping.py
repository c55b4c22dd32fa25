"""A map says what the words of a source mean: project to model, partition to device and fabric.

It is data: rows and devices are matched by patterns on the source's own columns, the first match
wins, and nothing is evaluated. Format: ``schemas/map.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema, model_validator

from ledger.canonical import JSON
from ledger.errors import InputError, MissingError
from ledger.record.fields import Activity, OperationKind, Precision, Sparsity, Topology
from ledger.regime.diagnosis import flawed, parse_node
from ledger.regime.scalar import Node, Word, refuse
from ledger.regime.source import Text
from ledger.yamltree import parse_tree

__all__ = ["Given", "GivenDevice", "Map", "MapFile", "Words", "given_to", "map_schema"]

Words: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of column and word, in order."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,11}")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


def _number(value: object) -> object:
    """Read a whole number."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    raise refuse("count", f"{value!r} is no whole number", "write digits, without a unit")


def _places(value: object) -> object:
    """Refuse a name with a place that nothing could fill."""
    if isinstance(value, str) and re.search(r"[{}]", _PLACE.sub("", value)):
        raise refuse("place", f"{value!r} has a brace of its own", "write {column}, once closed")
    return value


Number = Annotated[
    int,
    BeforeValidator(_number),
    WithJsonSchema({"type": ["integer", "string"], "pattern": "^(0|[1-9][0-9]{0,11})$"}),
]
Name = Annotated[Text, BeforeValidator(_places)]
Patterns = Annotated[tuple[str, ...], Field(min_length=1)]


class Given(Node):
    """What rows are recorded as; a name may hold ``{column}``."""

    model: Name
    run: Name | None = None
    developer: Name | None = None
    activity: Activity = "unknown"
    precision: Precision = "unknown"
    sparsity: Sparsity = "unknown"
    operation_kind: OperationKind = "unknown"


class GivenDevice(Node):
    """What was held, and how it is joined; ``milli_devices`` is how much of one a slice is."""

    device: Word | None = None
    milli_devices: Number = 1000
    scale_up_gb_per_s: Number | None = None
    scale_up_domain: Number | None = None
    scale_out_gbit_per_s: Number | None = None
    topology: Topology = "unknown"

    def fabric(self) -> dict[str, JSON]:
        """Return the fields of an allocation about the interconnect."""
        return {
            "scale_up_gb_per_s": self.scale_up_gb_per_s,
            "scale_up_domain": self.scale_up_domain,
            "scale_out_gbit_per_s": self.scale_out_gbit_per_s,
            "topology": self.topology,
        }


class RowRule(Node):
    """Which rows are meant: every column named has to match one of its patterns."""

    where: dict[Text, Patterns] = Field(default_factory=dict)
    give: Given


class DeviceRule(Node):
    """Which devices are meant; ``type`` is the source's own word for the device."""

    where: dict[Text, Patterns] = Field(default_factory=dict)
    give: GivenDevice


class MapFile(Node):
    """A file of the format ``map/1``."""

    schema_: Literal["map/1"] = Field(alias="schema")
    source: Word
    settings: dict[Word, Text] = Field(default_factory=dict)
    columns: dict[Text, Word] = Field(default_factory=dict)
    rows: tuple[RowRule, ...] = ()
    devices: tuple[DeviceRule, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        """A map that matches nothing is a mistake."""
        if not (self.rows or self.devices or self.columns or self.settings):
            raise refuse("map", "the map says nothing", "write rows: with where: and give:")
        return self


def given_to(mapping: Map | None, columns: Mapping[str, str], model: str | None) -> Given | None:
    """Return what a row is recorded as, or None if nobody said which model it served.

    Args:
        mapping: The map, or None.
        columns: The source's own columns, in lower case.
        model: The model of what no map is about, or None.

    Raises:
        InputError: If a name asks for a column that the row does not have.
    """
    found = None if mapping is None else mapping.row(columns)
    return Given(model=model) if found is None and model is not None else found


def map_schema() -> dict[str, Any]:
    """Return the published schema ``schemas/map.v1.schema.json``, generated from the model."""
    from ledger.regime.schema import described  # noqa: PLC0415 - no import needs it

    return described(TypeAdapter(MapFile), "map.v1.schema.json")


class Map:
    """A map, ready to be asked row by row."""

    def __init__(self, file: MapFile, name: str) -> None:
        """Keep the file and its name, for messages."""
        self.file = file
        self.name = name
        places = [rule.where for rule in file.rows] + [rule.where for rule in file.devices]
        self._asked = tuple(sorted({name.lower() for where in places for name in where}))
        self._asked_of_devices = tuple(sorted({*self._asked, "type"}))
        # Millions of rows share a few thousand sets of words.
        self._device = lru_cache(maxsize=4096)(self._matched_device)
        self._row = lru_cache(maxsize=4096)(self._matched_row)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a map file.

        Raises:
            MissingError: If there is no such file.
            RuleError: If it is wrong; names the place and what to write instead.
        """
        try:
            text = path.read_text("utf-8-sig")
        except FileNotFoundError as error:
            raise MissingError("there is no such map", where=str(path)) from error
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                "the map cannot be read", where=str(path), remedy="save it as UTF-8 text"
            ) from error
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Read the text of a map file."""
        file, flaws = parse_node(MapFile, parse_tree(text, where=name), name)
        if file is None:
            raise flawed(flaws)
        return cls(file, name)

    @cached_property
    def asked_of_rows(self) -> tuple[str, ...]:
        """The columns by which rows are told apart, in lower case and in order."""
        return tuple(sorted({name.lower() for rule in self.file.rows for name in rule.where}))

    @cached_property
    def asked(self) -> frozenset[str]:
        """The columns that rules look at, in lower case."""
        return frozenset(self._asked)

    @property
    def wanted(self) -> frozenset[str]:
        """The columns that rules look at or names are made with, in lower case."""
        names = (n for r in self.file.rows for n in (r.give.model, r.give.run, r.give.developer))
        return self.asked | {place.lower() for n in names for place in _PLACE.findall(n or "")}

    def refuse_columns(self) -> None:
        """Refuse names for columns, for a source whose columns always have the same ones.

        Raises:
            InputError: If the map has some.
        """
        if self.file.columns:
            raise InputError(
                f"{self.file.source} has columns of its own, and takes no names for them",
                where=self.name,
                why="what is not read would change nothing without saying so",
                remedy="leave columns: out of the map",
            )

    def row(self, columns: Mapping[str, str]) -> Given | None:
        """Return what a row is recorded as, or None if no rule is about it.

        Args:
            columns: The source's own columns, in lower case.

        Raises:
            InputError: If a name asks for a column that the row does not have.
        """
        given = self._row(tuple([(name, columns.get(name, "")) for name in self._asked]))
        if given is None:
            return None
        names = (("model", given.model), ("run", given.run), ("developer", given.developer))
        filled = {
            name: self._filled(value, columns)
            for name, value in names
            if value is not None and "{" in value
        }
        return given.model_copy(update=filled) if filled else given

    def device_of(self, columns: Mapping[str, str], kind: str) -> GivenDevice | None:
        """Return what is held, or None if no rule is about it.

        Args:
            columns: The source's own columns, in lower case.
            kind: The source's own word for the device, which rules call ``type``.
        """
        return self._device(
            tuple(
                [
                    (name, kind if name == "type" else columns.get(name, ""))
                    for name in self._asked_of_devices
                ]
            )
        )

    def _matched_row(self, words: Words) -> Given | None:
        """Return what the first rule gives that matches."""
        return next((r.give for r in self.file.rows if _matches(r.where, dict(words))), None)

    def _matched_device(self, words: Words) -> GivenDevice | None:
        """Return the device of the first rule that matches, from pairs of column and word."""
        return next((r.give for r in self.file.devices if _matches(r.where, dict(words))), None)

    def _filled(self, text: str, columns: Mapping[str, str]) -> str:
        """Fill the places of a name."""
        parts = list(_parts(text))
        for place in range(1, len(parts), 2):
            name = parts[place]
            found = columns.get(name.lower())
            if found is None:
                raise InputError(
                    f"the file has no column {name!r}",
                    where=self.name,
                    why=f"the name {text!r} is made with it",
                    remedy="export that column, or name the run otherwise",
                )
            parts[place] = found
        return "".join(parts)


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[str, ...]:
    """Return a name as text and columns by turns."""
    return tuple(_PLACE.split(text))


def _matches(where: Mapping[str, tuple[str, ...]], words: Mapping[str, str]) -> bool:
    """Return whether every column named matches one of its patterns."""
    return all(
        any(fnmatchcase(words.get(name.lower(), ""), pattern) for pattern in patterns)
        for name, patterns in where.items()
    )
