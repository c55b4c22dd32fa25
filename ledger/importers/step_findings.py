"""Findings in step logs: what a training program leaves out of its count, or counts twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ledger.canonical import JSON
from ledger.errors import Problem
from ledger.importers.step_legs import StepLeg
from ledger.importers.step_log import Format
from ledger.importers.step_sessions import Tracker
from ledger.importers.step_settings import StepSaid
from ledger.period import epoch_ms, parse_instant

__all__ = ["Told", "findings"]

_HALVED_FROM: Final = epoch_ms(parse_instant("2025-07-01T00:00:00Z"))
_OFF: Final = frozenset({"", "None", "False", "0", "0.0"})

Fault = tuple[str, str, str, str]
"""Code, message, remedy and why of a finding."""


class Told:
    """What is to be told of a run."""

    def __init__(self, tracker: Tracker, settled: tuple[int, int], *, mixed: bool) -> None:
        """Begin before the records are built.

        Args:
            tracker: The first pass over its logs.
            settled: Sessions that copy others, and those that overlap others without.
            mixed: Whether the program says that it uses several operand formats.
        """
        self.tracker = tracker
        self.copies, self.overlaps = settled
        self.mixed = mixed
        self.wasted = self.wasted_operations = self.unrated = 0
        self.above: list[tuple[str, int, int, int]] = []
        self.undevised = False
        self.dated_from: int | None = None

    def add(self, leg: StepLeg, body: Mapping[str, JSON]) -> None:
        """Add up one record."""
        self.undevised = self.undevised or body["milli_devices"] is None
        self.unrated += leg.amounts.unrated
        if leg.wasted:
            self.wasted += leg.amounts.count
            self.wasted_operations += int(str(body["operations"] or 0))
        if leg.begin is not None:
            self.dated_from = min(leg.begin, self.dated_from or leg.begin)
        most, least = body["ceiling_operations"], body["operations_low"]
        if most is not None and least is not None and int(str(least)) > int(str(most)):
            figures = (int(str(least)), int(str(most)))
            self.above.append((str(body["device"]), *figures, leg.lines[0]))


def findings(told: Told, how: Format, said: StepSaid, paths: Sequence[str]) -> Iterator[Problem]:
    """Yield what somebody must look at.

    Args:
        told: What the passes found.
        how: The program.
        said: What the caller said.
        paths: The logs, in their order.
    """
    yield from _seen(told, how, paths)
    found = (*_devices(told, said), *_sessions(told, how), *_count(told, how), *_formula(told, how))
    for code, message, remedy, why in found:
        yield Problem(paths[0], None, code, message, remedy, "finding", why)
    if said.said.activity == "unknown":
        yield Problem(
            paths[0],
            None,
            "activity-unknown",
            "the log does not say what the run was for",
            "write --set activity=pretrain, or another activity",
            "finding",
            "regimes count some activities and leave others out",
        )


def _seen(told: Told, how: Format, paths: Sequence[str]) -> Iterator[Problem]:
    """Yield what was odd about single lines, each kind once."""
    step = how.step
    said = {
        "broken": (
            "broken-line",
            "lines announce a {step} and cannot be read",
            "compare with the log on the machine",
            "their time and operations are not counted",
        ),
        "ranks": (
            "ranks-repeat",
            "lines repeat what another rank said, and are left out",
            "give the log of one rank",
            "each rank tells of the whole run: adding them counts it many times",
        ),
        "lost": (
            "lines-lost",
            "places where lines are missing, {amount} {step}s in all",
            "give the whole log",
            "what nobody logged is not counted",
        ),
        "first": (
            "first-line",
            "sessions do not say at which {step} they begin: the distance of their lines is taken",
            "give the log from its beginning, with the settings of the program",
            "the first line may tell of fewer or more",
        ),
        "batch": (
            "batch-changes",
            "lines whose samples are not {step}s times their batch",
            "work the operations out from the samples, and record them with another source",
            "the throughput is reckoned with the batch of the last {step} only",
        ),
        "back": (
            "times-order",
            "lines are dated before the line above them",
            "check the clock of the machine",
            "time runs forward",
        ),
        "gap": (
            "silence",
            "stretches of more than an hour without a line, {hours} hours in all",
            "find out whether the devices were held; they are recorded as held",
            "a hung job holds its devices",
        ),
        "twice": (
            "zone-twice",
            "sessions begin in the hour that comes twice in autumn: the first is taken",
            "nothing to do, if an hour does not matter",
            "the clock does not say which is meant",
        ),
    }
    for name, seen in told.tracker.seen.items():
        code, message, remedy, why = said[name]
        words = {"step": step, "amount": f"{seen.amount:,}", "hours": seen.amount // 3_600_000}
        text = f"{seen.times:,} {message.format(**words)}"
        path = paths[seen.file]
        yield Problem(path, seen.line, code, text, remedy, "finding", why.format(**words))


def _devices(told: Told, said: StepSaid) -> Iterator[Fault]:
    """Yield what is unknown or at odds about the devices."""
    if told.undevised:
        yield (
            "no-devices",
            "the log does not say how many devices ran: time held and operations stay unknown",
            "write --set devices=…",
            "the program counts operations of one device only",
        )
    stated = {s.devices for s in told.tracker.sessions if s.devices is not None}
    asked = said.said.devices
    if asked is not None and stated - {asked}:
        numbers = ", ".join(str(number) for number in sorted(stated))
        yield (
            "devices-differ",
            f"the log says {numbers} devices, the setting {asked}: the log is taken",
            "leave the setting out, or find out which is right",
            "the program knows how many it uses",
        )
    for device, least, most, line in told.above[:20]:
        yield (
            "above-ceiling",
            (
                f"from line {line} on, a leg above its own ceiling: at least {least} operations, "
                f"and its {device} do at most {most}"
            ),
            "check device, number and precision; it is recorded as reported",
            "no device passes its peak, so one of the figures is wrong",
        )
    if told.mixed:
        yield (
            "precision-mixed",
            (
                "the program says that some matrix products run in a narrower format: no precision "
                "is recorded, and so no ceiling"
            ),
            "write --set precision=fp8 for an upper bound",
            "the log does not say how many operations run in which format",
        )


def _sessions(told: Told, how: Format) -> Iterator[Fault]:
    """Yield what was done twice, or told twice."""
    if told.wasted:
        yield (
            "done-again",
            (
                f"{told.wasted:,} {how.step}s were done again after a restart, "
                f"{told.wasted_operations} operations: recorded as restart_waste"
            ),
            "nothing to do: regimes say whether they count",
            "the devices worked, and nothing of it is in the model",
        )
    if told.copies:
        yield (
            "ranks-repeat",
            (
                f"{told.copies} sessions tell of the same {how.step}s at the same time as others, "
                "and are left out"
            ),
            "give the log of one rank",
            "each rank tells of the whole run: adding them counts it many times",
        )
    apart = sum(session.apart for session in told.tracker.sessions)
    if apart:
        yield (
            "steps-repeat",
            (
                f"{apart} sessions without times have {how.step}s that another log has as well: "
                "they are counted beside it, and nothing of it as waste"
            ),
            "give logs with times, or the log of one rank only",
            "a rank tells of the whole run, a restart of work done again, and nothing says which",
        )
    if told.overlaps:
        yield (
            "sessions-overlap",
            f"{told.overlaps} sessions run at the same time as another, with other {how.step}s",
            "check whether these are logs of several runs, and import them one by one",
            "one run does not train twice at once",
        )


def _count(told: Told, how: Format) -> Iterator[Fault]:
    """Yield what is missing from the count."""
    if told.unrated:
        yield (
            "no-throughput",
            f"{told.unrated:,} {how.step}s have no throughput: their operations are unknown",
            "give them with another source; Megatron-LM prints it with --log-throughput"
            if how.name == "megatron"
            else "give them with another source",
            "unknown is not zero",
        )
    facts = told.tracker.facts
    if facts.get("recompute_granularity", "None") not in _OFF:
        yield (
            "recomputation",
            (
                f"activations are recomputed ({facts['recompute_granularity']}), and the "
                "throughput leaves that out"
            ),
            "record the operations executed with another source, if a regime counts them",
            "the program counts operations of the model, not of the devices",
        )


def _formula(told: Told, how: Format) -> Iterator[Fault]:
    """Yield shapes and times of which it is known that the formula was changed or is wrong."""
    facts = told.tracker.facts
    version = facts.get("framework_version", "a version that the log does not state")
    shapes = {
        "swiglu": ("SwiGLU", "the width of gated layers was corrected"),
        "multi_latent_attention": ("multi-latent attention", "its shape was added later"),
        "is_hybrid_model": ("a hybrid model", "its layers were told apart only later"),
        "hybrid_override_pattern": ("a hybrid model", "its layers were told apart only later"),
        "hybrid_attention_ratio": ("a hybrid model", "its layers were told apart only later"),
        "window_size": ("sliding-window attention", "the full context is counted instead"),
    }
    told_of = {shapes[name] for name in shapes if facts.get(name, "None") not in _OFF}
    for name, what in sorted(told_of if how.name == "megatron" else ()):
        yield (
            "formula",
            f"the run has {name}, counted by {version}",
            "compare with the operations worked out from the shape of the model",
            f"the formula of Megatron-LM was changed for it: {what}",
        )
    early = told.dated_from is not None and told.dated_from < _HALVED_FROM
    if how.name == "maxtext" and early:
        share = facts.get("attention_percent")
        much = f"{share} % of the count" if share else "a share that the log does not state"
        yield (
            "attention-full",
            (
                f"the run is from before July 2025: attention, {much}, is counted without the half "
                "that a causal mask saves"
            ),
            "compare with the operations worked out from the shape of the model",
            "MaxText halves it from July 2025 on, so figures before and after do not compare",
        )
