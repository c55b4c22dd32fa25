"""A setting is one figure of a regime, set otherwise in a scenario and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, count
from typing import Final

from ledger.errors import InputError, LedgerError
from ledger.period import parse_day
from ledger.quantity import Quantity
from ledger.regime.diagnosis import parse_node
from ledger.regime.gist import written
from ledger.regime.model import Regime, Regimes
from ledger.regime.phrase import lost_exponent
from ledger.regime.scalar import nearest
from ledger.regime.source import ParameterValue
from ledger.yamltree import Tree

__all__ = ["Setting", "amended", "parse_setting"]

_EXAMPLE: Final = "eu.aia/systemic-risk-flop=10^26 FLOP,from=2027-01-01"
_FROM: Final = ",from="
_SOURCE: Final = "scenario"
_DAY: Final = "2000-01-01"  # stands in where a value is only read
_CITE: Final = "A scenario, not law"


@dataclass(frozen=True, slots=True)
class Setting:
    """A figure set otherwise.

    Attributes:
        regime: Id of the regime.
        parameter: Id of the parameter.
        value: The value, as a rule file writes it.
        start: First day on which it binds; None for every day on which the figure ever bound.
    """

    regime: str
    parameter: str
    value: str
    start: date | None

    @property
    def path(self) -> str:
        """Regime and parameter."""
        return f"{self.regime}/{self.parameter}"

    def __str__(self) -> str:
        """Return it as it is written on a command line."""
        return f"{self.path}={self.value}" + ("" if self.start is None else f"{_FROM}{self.start}")


def parse_setting(text: str, regimes: Regimes) -> Setting:
    """Read ``REGIME/PARAMETER=VALUE`` with an optional ``,from=DATE``.

    Args:
        text: What the user wrote.
        regimes: The regimes that it may name.

    Raises:
        InputError: If the form, the name, the number, its dimension or the day is wrong; says what
            to write.
    """
    path, sign, rest = text.partition("=")
    regime_id, stroke, parameter_id = path.strip().partition("/")
    if not sign or not stroke or not rest:
        raise InputError(f"--set {text!r} sets nothing", remedy=f"write --set '{_EXAMPLE}'")
    regime = regimes.get(regime_id)
    if regime is None or parameter_id not in regime.parameters:
        known = [f"{each.id}/{name}" for each in regimes.values() for name in each.parameters]
        raise _refused(path.strip(), "no rule file has that figure", nearest(path.strip(), known))
    head, comma, day = rest.rpartition(_FROM)
    value, start = (head, day) if comma else (rest, None)
    try:
        setting = Setting(
            regime_id,
            parameter_id,
            value.strip(),
            None if start is None else parse_day(start.strip()),
        )
    except LedgerError as error:
        raise _refused(path.strip(), error.message, error.remedy) from error
    _check_value(setting, regime)
    return setting


def amended(tree: Tree, settings: Sequence[Setting]) -> Tree:
    """Return a rule file in which figures are set otherwise.

    From the day of a setting on no other value of the figure binds. The value is cited to the
    scenario, and known as early as the figure itself, so that it is seen on every day asked.

    Args:
        tree: The rule file.
        settings: What is set in it.

    Raises:
        InputError: If one figure is set twice from the same day.
    """
    found = _mapping(tree)
    for setting in sorted(settings, key=lambda each: each.start or date.min):
        twice = [
            each for each in settings if (each.path, each.start) == (setting.path, setting.start)
        ]
        if len(twice) > 1:
            told = " and ".join(f"{each.value!r}" for each in twice)
            raise _refused(setting.path, f"it is set to {told}", "set it once, or from other days")
        found = _amended(found, setting)
    return found


def _amended(tree: dict[str, Tree], setting: Setting) -> dict[str, Tree]:
    """Set one figure."""
    parameters, sources = _mapping(tree["parameters"]), _mapping(tree["sources"])
    parameter = _mapping(parameters[setting.parameter])
    held = parameter["values"]
    assert isinstance(held, list), "a parameter that loads has a list of values"
    values = [_mapping(value) for value in held]
    start = setting.start or min(parse_day(str(value["from"])) for value in values)
    known = min(str(value["known"]) for value in values)
    source = _source(sources)
    value = _value(setting, str(start), known, source)
    text: Tree = {"cite": _CITE, "published": known, "binding": "bill"}
    return {
        **tree,
        "sources": {source: text} | sources,
        "parameters": {
            **parameters,
            setting.parameter: {**parameter, "values": [*_before(values, start), value]},
        },
    }


def _value(setting: Setting, start: str, known: str, source: str) -> dict[str, Tree]:
    """Return the value of a figure as a rule file holds it."""
    return {
        "from": start,
        "known": known,
        "value": setting.value,
        "cite": {"source": source},
        "provenance": "memory",
    }


def _before(values: Sequence[dict[str, Tree]], start: date) -> Iterator[Tree]:
    """Yield what values bind before a day, ended on that day."""
    for value in values:
        until = value.get("until")
        if parse_day(str(value["from"])) >= start:
            continue
        later = until is None or parse_day(str(until)) > start
        yield {**value, "until": str(start)} if later else value


def _source(sources: dict[str, Tree]) -> str:
    """Return the id of the scenario among the sources of a file, which may have one so called."""
    keys = chain([_SOURCE], (f"{_SOURCE}-{number}" for number in count(2)))
    return next(
        key for key in keys if key not in sources or _mapping(sources[key])["cite"] == _CITE
    )


def _check_value(setting: Setting, regime: Regime) -> None:
    """Refuse a value that cannot be read, measures something else, or lost its exponent."""
    read, flaws = parse_node(ParameterValue, _value(setting, _DAY, _DAY, _SOURCE), setting.path)
    parameter = regime.parameters[setting.parameter]
    example = written(parameter.values[-1].value)
    if read is None:
        remedy = f"{flaws[0].remedy}; the figure now is {example}"
        raise _refused(setting.path, flaws[0].message, remedy)
    value = read.value
    found = "date" if isinstance(value, date) else value.dimension.value
    if found != parameter.dimension:
        message = f"{setting.value} is of dimension {found}, the figure of {parameter.dimension}"
        raise _refused(setting.path, message, f"write it like the figure now, {example}")
    if isinstance(value, Quantity) and lost_exponent(value):
        digits = str(value.base)
        power = f"{digits[:2]}^{digits[2:]} {value.unit.symbol}"
        raise _refused(setting.path, f"{setting.value} looks like a power", f"write {power}")


def _refused(path: str, message: str, remedy: str) -> InputError:
    """Build the error for a setting that cannot be taken."""
    return InputError(message, where=f"--set {path}", remedy=remedy)


def _mapping(tree: Tree) -> dict[str, Tree]:
    """Return a tree that is a mapping, as those of files that load are."""
    assert isinstance(tree, dict)
    return tree
