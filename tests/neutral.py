"""What the core reads, said without a word of what its models are made with.

Run as a program it bars pydantic and everything else that who verifies has not, and answers one
line of JSON with another: the tests ask the same here and there.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, get_origin

BARRED = (
    *("annotated_types", "click", "holidays", "icalendar", "msgspec", "polars", "pydantic"),
    *("pydantic_core", "rich"),
    *("sqlalchemy", "sqlmodel", "typing_extensions", "yaml"),
)

if __name__ == "__main__":
    sys.modules.update(dict.fromkeys(BARRED))

from ledger.errors import LedgerError  # noqa: E402 - barred before
from ledger.journeys.replaying import read_check  # noqa: E402 - barred before
from ledger.modelling import PLAIN, BaseModel, ValidationError  # noqa: E402 - barred before
from ledger.pack import Pack, read_pack  # noqa: E402 - barred before
from ledger.quantity import Quantity, Unit  # noqa: E402 - barred before
from ledger.record import draft_of  # noqa: E402 - barred before
from ledger.regime.case import CaseFact, CaseLaw  # noqa: E402 - barred before
from ledger.regime.cased import load_regime, read_regimes  # noqa: E402 - barred before
from ledger.regime.counting import Open  # noqa: E402 - barred before
from ledger.regime.diagnosis import Flaw, parse_node  # noqa: E402 - barred before
from ledger.regime.expression import All, Gt, Mul  # noqa: E402 - barred before
from ledger.regime.index import Index  # noqa: E402 - barred before
from ledger.regime.rule import Rule  # noqa: E402 - barred before
from ledger.regime.trust import Trust  # noqa: E402 - barred before
from ledger.regime.vocabulary import ACTIVITIES_FILE, FACTS_FILE, load_vocabulary  # noqa: E402 - barred before
from ledger.regime.waiver import Waivers  # noqa: E402 - barred before

FILE = "regimes/xx/xx.small.yaml"
NODES: Mapping[str, Any] = {
    "activities": ACTIVITIES_FILE,
    "facts": FACTS_FILE,
    "index": Index,
    "rule": Rule,
    "trust": Trust,
    "waivers": Waivers,
}


def neutral(value: object) -> Any:  # noqa: PLR0911 - one for each kind of value
    """Return a value and everything in it as JSON that leaves no difference out."""
    match value:
        case None | bool() | int() | str():
            return value
        case date() | Fraction():
            return [type(value).__name__, str(value)]
        case BaseModel():
            given = sorted(value.model_fields_set)
            held = [(name, neutral(getattr(value, name))) for name in type(value).model_fields]
            return [type(value).__name__, held, given]
        case tuple() | list():
            return [type(value).__name__, [neutral(each) for each in value]]
        case Mapping():
            return ["mapping", [[neutral(key), neutral(held)] for key, held in value.items()]]
        case Unit():
            return ["unit", value.symbol]
        case _ if is_dataclass(value):
            held = [(each.name, neutral(getattr(value, each.name))) for each in fields(value)]
            return [type(value).__name__, held]
    raise TypeError(type(value).__name__)


def read(kind: str, given: Any, pack: Pack) -> Any:  # noqa: PLR0911 - one for each kind
    """Read something of that kind; a refusal is what it says."""
    try:
        match kind:
            case "regime":
                return neutral(load_regime(FILE, given, load_vocabulary(pack)))
            case "pack":
                start = time.process_time()
                regimes, flaws = read_regimes(pack)
                seconds = time.process_time() - start
                return [[digest(each) for each in regimes.values()], neutral(flaws), seconds]
            case "record":
                return neutral(draft_of(*given))
            case "check":
                return neutral(read_check(given.encode(), where="x"))
            case "behaviour":
                return neutral(behaviour())
            case _:
                return neutral(parse_node(NODES[kind], given, kind))
    except LedgerError as error:
        return ["refused", type(error).__name__, error.diagnostics()]


def digest(value: object) -> str:
    """Return a digest of a value and everything in it."""
    return hashlib.sha256(told(neutral(value)).encode()).hexdigest()


def refusal(act: Callable[[], object]) -> object:
    """Return what an act is refused with."""
    try:
        act()
    except ValidationError as error:
        return [(each["type"], each["loc"]) for each in error.errors(include_url=False)]
    return None


def behaviour() -> list[Any]:
    """Return what models do in code."""
    compared, other = Gt(operands=("a", "b")), Gt(gt=("a", "b"))  # type: ignore[call-arg]
    fact = CaseFact(value=("a", "b"), until=date(2026, 1, 1))
    changed = fact.model_copy(update={"recorded": date(2026, 2, 1)})
    bare = CaseLaw.model_construct(in_force_on=date(2026, 1, 1))
    bare.assume["a"] = "proposed"
    again = CaseLaw.model_construct(in_force_on=date(2026, 1, 1))

    def change() -> None:
        fact.until = None  # type: ignore[misc]

    def take() -> None:
        del fact.until

    def unhashable() -> str:
        try:
            return str(hash(again))
        except TypeError as error:
            return type(error).__name__

    return [
        *(compared == other, hash(compared) == hash(other), compared != Mul(factors=("a", "b"))),
        *(repr(compared), str(compared), repr(fact), compared, fact, changed, again),
        *(All.model_construct(items=()), Quantity.parse("10^25 FLOP"), unhashable()),
        *(refusal(change), refusal(take), changed == fact, compared == "a"),
        refusal(Gt),  # type: ignore[call-arg]
        refusal(lambda: Open(reading="a")),  # type: ignore[call-arg]
        refusal(lambda: Open(open="A", more=1)),  # type: ignore[call-arg]
        refusal(lambda: All(items=())),
        refusal(lambda: All(items=(All.model_construct(items=()),))),
        All(items=(All(items=("a",)),)),
        list(Gt.model_fields),
        *(
            [str(get_origin(info.annotation)) for info in model.model_fields.values()]
            for model in (CaseFact, CaseLaw, Gt)
        ),
    ]


def told(value: object) -> str:
    """Return a value as one line."""
    return json.dumps(value)


if __name__ == "__main__":
    assert PLAIN
    assert Flaw.__module__ == "ledger.regime.diagnosis"
    law = read_pack(Path(sys.argv[1]))
    for line in sys.stdin:
        sys.stdout.write(told(read(*json.loads(line), law)) + "\n")
        sys.stdout.flush()
