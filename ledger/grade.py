"""A grade is derived from the measured links of a device by a versioned table; never stored.

The table names grades by four numbers: scale-up rate, scale-up domain, scale-out rate, topology.
A number that is not known leaves open every grade it could decide: then the grade is undetermined,
and says which grades remain and which facts would settle it. The scale band groups the number of
devices that worked together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Self, TypeAlias

from ledger.errors import RuleError
from ledger.hardware.fields import Fields
from ledger.pack import Pack
from ledger.quantity import Dimension

__all__ = ["Grade", "GradeTable", "Links", "ScaleTable"]

_INTERCONNECT = "grades/interconnect.v1.yaml"
_SCALE = "grades/scale.v1.yaml"
_UNKNOWN = "unknown"
_GIGA = 10**9

_Value: TypeAlias = "int | str | None"

# The names of the four numbers in the table, and in records.
_RECORDED = {
    "scale_up": "scale_up_gb_per_s",
    "scale_up_domain": "scale_up_domain",
    "scale_out": "scale_out_gbit_per_s",
    "topology": "topology",
}
_MEASURES = {
    "scale_up": (Dimension.BYTE_RATE, _GIGA),
    "scale_up_domain": (Dimension.COUNT, 1),
    "scale_out": (Dimension.BIT_RATE, _GIGA),
}


@dataclass(frozen=True, slots=True)
class Links:
    """What a device was linked with, as recorded; None or ``unknown`` is not known.

    Attributes:
        scale_up_gb_per_s: GB/s a device inside the scale-up domain, both directions.
        scale_up_domain: Devices in that domain.
        scale_out_gbit_per_s: Gbit/s a device between domains, one direction.
        topology: Word of the topology list.
    """

    scale_up_gb_per_s: int | None
    scale_up_domain: int | None
    scale_out_gbit_per_s: int | None
    topology: str

    def values(self) -> dict[str, _Value]:
        """Return the numbers by their name in the table, None where not known."""
        return {
            "scale_up": self.scale_up_gb_per_s,
            "scale_up_domain": self.scale_up_domain,
            "scale_out": self.scale_out_gbit_per_s,
            "topology": None if self.topology == _UNKNOWN else self.topology,
        }


@dataclass(frozen=True, slots=True)
class Grade:
    """What the table says about some links.

    Attributes:
        possible: Grades that the known numbers leave open, lowest first, unranked ones last.
        missing: Record fields that would settle it; empty exactly if one grade is left.
        vector: The letters, such as ``U4d8 N3 T3``; a question mark stands for what is not known.
    """

    possible: tuple[str, ...]
    missing: tuple[str, ...]
    vector: str

    @property
    def name(self) -> str | None:
        """The grade, or None while several are possible."""
        return self.possible[0] if len(self.possible) == 1 else None


@dataclass(frozen=True, slots=True)
class _Condition:
    """One line of a grade: a number against an edge, or a word in a list."""

    field: str
    least: int | None
    words: frozenset[str]

    def holds(self, value: _Value) -> bool:
        """Return whether a known value meets it."""
        if isinstance(value, int):
            return self.least is not None and value >= self.least
        return value in self.words


@dataclass(frozen=True, slots=True)
class _Band:
    """A letter and the least whole number that has it."""

    letter: str
    least: int


@dataclass(frozen=True, slots=True)
class GradeTable:
    """The interconnect grades of one version of the table.

    Attributes:
        id: Name and version, such as ``interconnect/1``.
        order: Ranked grades, lowest first.
        unranked: Grades that compare with no other.
        titles: Grade to what it is, in English.
    """

    id: str
    order: tuple[str, ...]
    unranked: tuple[str, ...]
    titles: Mapping[str, str]
    _rules: tuple[tuple[str, tuple[_Condition, ...]], ...]
    _bands: Mapping[str, tuple[_Band, ...]]
    _topologies: Mapping[str, str]

    @classmethod
    def from_pack(cls, pack: Pack) -> Self:
        """Read the table of a rule pack.

        Raises:
            MissingError: If the pack has none.
            RuleError: If a grade, an edge or a word in it cannot stand.
        """
        keys = ("schema", "id", "version", "title", "letters", "order", "unranked", "grades")
        fields = Fields.of(pack.tree(_INTERCONNECT), _INTERCONNECT, keys)
        fields.text("schema", ("interconnect-grades/1",))
        letters = fields.child("letters").only(("scale_up", "scale_out", "topology"))
        words = letters.child("topology").child("words")
        topologies = {word: words.text(word) for word in words.tree}
        grades = fields.children("grades", ("id", "title", "all"))
        rules = tuple((grade.text("id"), _conditions(grade, topologies)) for grade in grades)
        order, unranked = fields.texts("order"), fields.texts("unranked")
        if sorted(name for name, _ in rules) != sorted((*order, *unranked)) or rules[-1][1]:
            raise RuleError(
                "every grade must be ranked or unranked once, and the last take everything",
                where=_INTERCONNECT,
            )
        return cls(
            f"{fields.text('id')}/{fields.text('version')}",
            order,
            unranked,
            {grade.text("id"): grade.child("title").only(("en",)).text("en") for grade in grades},
            rules,
            {name: _bands(letters.child(name), name) for name in ("scale_up", "scale_out")},
            topologies,
        )

    def grade(self, links: Links) -> Grade:
        """Return the grade of some links, or what is left open.

        Args:
            links: As recorded.

        Raises:
            RuleError: If the topology is not a word of the table.
        """
        values = links.values()
        if links.topology not in self._topologies:
            raise RuleError(
                f"the topology {links.topology!r} is not in the table {self.id}",
                remedy="write one of: " + ", ".join(self._topologies),
            )
        open_fields = [field for field, value in values.items() if value is None]
        found = {
            trial: self._first({**values, **dict(zip(open_fields, trial, strict=True))})
            for trial in product(*(self._trials(field) for field in open_fields))
        }
        grades = set(found.values())
        return Grade(
            tuple(name for name in (*self.order, *self.unranked) if name in grades),
            tuple(_RECORDED[field] for at, field in enumerate(open_fields) if _matters(found, at)),
            self._vector(links),
        )

    def at_least(self, name: str, floor: str) -> bool | None:
        """Return whether a grade ranks at or above another; None if either is not ranked.

        Raises:
            RuleError: If the table has no such grade.
        """
        for grade in (name, floor):
            if grade not in self.titles:
                raise RuleError(f"{grade!r} is not a grade of {self.id}")
        if name in self.unranked or floor in self.unranked:
            return None
        return self.order.index(name) >= self.order.index(floor)

    def span(self, possible: tuple[str, ...]) -> str:
        """Return the possible grades as one text: ``H``, ``Hx…H``, ``P…Hx, B…R or Y``."""
        runs: list[list[str]] = []
        for place, name in enumerate(self.order):
            if name not in possible:
                continue
            if place and self.order[place - 1] in possible:
                runs[-1].append(name)
            else:
                runs.append([name])
        ranked = ", ".join(run[0] if len(run) == 1 else f"{run[0]}…{run[-1]}" for run in runs)
        unranked = [name for name in self.unranked if name in possible]
        return " or ".join([*([ranked] if ranked else []), *unranked])

    def _first(self, values: Mapping[str, _Value]) -> str:
        """Return the first grade all of whose conditions hold."""
        return next(
            name
            for name, conditions in self._rules
            if all(condition.holds(values[condition.field]) for condition in conditions)
        )

    def _trials(self, field: str) -> tuple[_Value, ...]:
        """Return one value from each stretch that the table does not tell apart."""
        if field == "topology":
            return tuple(word for word in self._topologies if word != _UNKNOWN)
        edges = {
            condition.least
            for _, conditions in self._rules
            for condition in conditions
            if condition.field == field and condition.least is not None
        }
        return (0, *sorted(edges))

    def _vector(self, links: Links) -> str:
        """Return the letters of the links."""
        up = _letter(self._bands["scale_up"], links.scale_up_gb_per_s) or "U?"
        out = _letter(self._bands["scale_out"], links.scale_out_gbit_per_s) or "N?"
        domain = "?" if links.scale_up_domain is None else links.scale_up_domain
        return f"{up}d{domain} {out} {self._topologies[links.topology]}"


@dataclass(frozen=True, slots=True)
class ScaleTable:
    """The scale bands of one version of the table.

    Attributes:
        id: Name and version, such as ``scale/1``.
        bands: Letter to the most devices it holds, smallest first; None is without end.
    """

    id: str
    bands: tuple[tuple[str, int | None], ...]

    @classmethod
    def from_pack(cls, pack: Pack) -> Self:
        """Read the bands of a rule pack.

        Raises:
            MissingError: If the pack has none.
            RuleError: If the bands do not rise or do not end open.
        """
        keys = ("schema", "id", "version", "title", "symbol", "bands")
        fields = Fields.of(pack.tree(_SCALE), _SCALE, keys)
        fields.text("schema", ("scale-bands/1",))
        bands = tuple(
            (
                band.text("letter"),
                None if band.text("to") == "unbounded" else band.integer("to", Dimension.COUNT),
            )
            for band in fields.children("bands", ("letter", "to"))
        )
        limits = [most for _, most in bands[:-1]]
        rising = [most for most in limits if most is not None]
        if bands[-1][1] is not None or rising != sorted(set(rising)) or len(rising) != len(limits):
            raise RuleError("the bands must rise and the last be unbounded", where=_SCALE)
        return cls(f"{fields.text('id')}/{fields.text('version')}", bands)

    def band(self, devices: int | None) -> str | None:
        """Return the letter of a number of devices; None if it is not known."""
        if devices is None:
            return None
        return next(letter for letter, most in self.bands if most is None or devices <= most)


def _matters(found: Mapping[tuple[_Value, ...], str], at: int) -> bool:
    """Return whether changing one number alone can change the grade."""
    seen: dict[tuple[_Value, ...], str] = {}
    return any(
        seen.setdefault(trial[:at] + trial[at + 1 :], name) != name for trial, name in found.items()
    )


def _letter(bands: tuple[_Band, ...], value: int | None) -> str | None:
    """Return the letter of the highest band that a number reaches; None if it is not known."""
    if value is None:
        return None
    return next(band.letter for band in reversed(bands) if value >= band.least)


def _bands(fields: Fields, name: str) -> tuple[_Band, ...]:
    """Return the letters of one number, lowest first."""
    bands = tuple(
        _Band(band.text("letter"), _edge(band.child("from"), name))
        for band in fields.only(("symbol", "bands")).children("bands", ("letter", "from"))
    )
    leasts = [band.least for band in bands]
    if leasts != sorted(set(leasts)) or leasts[0] != 0:
        raise RuleError("the bands must rise from 0", where=fields.where)
    return bands


def _edge(fields: Fields, name: str) -> int:
    """Return the least whole number that ``ge`` or ``gt`` an edge lets in."""
    operator = "gt" if "gt" in fields.tree else "ge"
    value = fields.only((operator,)).integer(operator, *_MEASURES[name])
    if value is None:
        raise RuleError("an edge must be known", where=fields.where)
    return value + 1 if operator == "gt" else value


def _conditions(grade: Fields, topologies: Mapping[str, str]) -> tuple[_Condition, ...]:
    """Return the conditions of one grade."""
    return tuple(_condition(line, topologies) for line in _lines(grade))


def _lines(grade: Fields) -> Iterator[tuple[str, Fields]]:
    """Yield the operator and the mapping of each condition."""
    for line in grade.children("all"):
        operator = next(iter(line.tree), "")
        yield operator, line.only((operator if operator in {"ge", "gt", "in"} else "ge",))


def _condition(line: tuple[str, Fields], topologies: Mapping[str, str]) -> _Condition:
    """Read ``ge: [scale_up, 800 GB/s]`` or ``in: [topology, [torus, supernode]]``."""
    operator, fields = line
    pair = fields.tree[operator]
    match operator, pair:
        case "in", ["topology", list(words)]:
            chosen = frozenset(word for word in words if isinstance(word, str))
            if len(chosen) == len(words) and chosen <= set(topologies) - {_UNKNOWN}:
                return _Condition("topology", None, chosen)
        case (("ge" | "gt"), [str(name), str(edge)]) if name in _MEASURES:
            return _Condition(
                name, _edge(Fields({operator: edge}, fields.where), name), frozenset()
            )
    raise RuleError(
        "the condition cannot be read",
        where=fields.where,
        remedy="write ge or gt: [scale_up, 800 GB/s], or in: [topology, [torus]]",
    )
