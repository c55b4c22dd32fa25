"""Ledgers that are recorded once through the command line and then asked many things."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import EVIDENCE, allocation, fact, lineage

from ledger.cli.app import run
from ledger.journeys.check_document import check_schema

KINDS = {bool: "boolean", date: "date", str: "text", list: "set"}


def about(subject: str, **stated: Any) -> list[dict[str, Any]]:
    """Return fact records about a subject; a name leaves out the kind of its subject.

    Text that ends in `USD` or `FLOP` is a quantity; a date, list or truth says what it is.
    """
    kind = subject.partition(":")[0]
    records = []
    for name, value in stated.items():
        quantity = isinstance(value, str) and value.endswith((" USD", " FLOP"))
        form = "quantity" if quantity else KINDS[type(value)]
        plain = str(value) if isinstance(value, date) else value
        records.append({"type": "fact", **fact(subject, f"{kind}.{name}", form, plain)})
    return records


def work(model: str, operations: int, day: str, **changes: Any) -> dict[str, Any]:
    """Return a record of work that a model did on one day."""
    times = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    changes = {"run": f"{model} {day}", **times, **changes}
    return {"type": "allocation", **allocation(model, operations, **changes)}


def step(model: str, parent: str | None, provider: str, **changes: Any) -> dict[str, Any]:
    """Return a record of lineage; the provider is the same: yes, no or unknown."""
    return {"type": "lineage", **lineage(model, parent, provider, **changes)}


def holding(device: str, **changes: Any) -> dict[str, Any]:
    """Return a record of eight devices received in the United States."""
    return {
        "type": "holding",
        "device": device,
        "quantity": 8,
        "headquarters": None,
        "destination": "US",
        "event": "received",
        "authorisation": None,
        "on": "2026-01-05",
        "evidence": EVIDENCE,
        **changes,
    }


class Answers:
    """What one `check` said: determinations by rule, as regime/rule, and subject."""

    def __init__(self, document: Mapping[str, Any], *, code: int) -> None:
        jsonschema.Draft202012Validator(check_schema()).validate(document)
        self.document, self.code = document, code
        self._found = {
            (f"{row['regime']}/{row['rule']}", row["subject"]): row
            for row in document["determinations"]
        }

    def of(self, rule: str, subject: str) -> dict[str, Any]:
        """Return one determination whole; a rule that was not asked is a `KeyError`."""
        found: dict[str, Any] = self._found[rule, subject]
        return found

    def word(self, rule: str, subject: str) -> str | None:
        """Return the finding, which is None where the rule has nothing to say."""
        finding: str | None = self.of(rule, subject)["finding"]
        return finding

    def under(self, rule: str) -> dict[str, str | None]:
        """Return the finding of every subject of a rule, by its name without its kind."""
        return {
            subject.partition(":")[2]: row["finding"]
            for (name, subject), row in self._found.items()
            if name == rule
        }


class Recorded:
    """A ledger in a folder of its own, written and asked through the command line only."""

    def __init__(self, folder: Path, *, day: str) -> None:
        self.folder, self._made = folder, 0
        self.day = day
        self.told("init", "--origin", "ledger.example/worked")

    def told(self, *arguments: str, codes: tuple[int, ...] = (0,), day: str | None = None) -> int:
        """Run the program at noon of a day and expect one of some exit codes."""
        with _noon(day or self.day):
            code = run(["--quiet", "--ledger", str(self.folder / "ledger.db"), *arguments])
        assert code in codes, (arguments, code)
        return code

    def record(self, *records: Mapping[str, Any], day: str | None = None) -> None:
        """Append records with `record`."""
        lines = "".join(json.dumps(each) + "\n" for each in records)
        self.told("record", str(self._written("jsonl", lines)), day=day)

    def imported(self, source: str, text: str, *settings: str, name: str = "") -> None:
        """Read a table with `import`."""
        path = self._written("csv", text, name)
        self.told("import", str(path), "--source", source, *settings)

    def check(self, *arguments: str, day: str | None = None) -> Answers:
        """Determine with `check` and return what it wrote as JSON."""
        path = self._written("json", "")
        asked = ("check", "-f", "json", "-o", str(path), *arguments)
        code = self.told(*asked, codes=(0, 1, 3), day=day)
        return Answers(json.loads(path.read_text("utf-8")), code=code)

    def told_as_json(self, command: str, *arguments: str) -> dict[str, Any]:
        """Run another command that can answer in JSON, and return what it says."""
        path = self._written("json", "")
        self.told(command, *arguments, "-f", "json", "-o", str(path))
        said: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return said

    def _written(self, suffix: str, text: str, name: str = "") -> Path:
        self._made += 1
        path = self.folder / (name or f"{self._made}.{suffix}")
        path.write_text(text, "utf-8")
        return path


@contextmanager
def _noon(day: str) -> Iterator[None]:
    """Set the clock of the program, and take back the places that the environment names."""
    seconds = int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp())
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("FLOPLEDGER_LEDGER", raising=False)
        patched.delenv("FLOPLEDGER_RULES", raising=False)
        patched.setenv("SOURCE_DATE_EPOCH", str(seconds))
        yield
