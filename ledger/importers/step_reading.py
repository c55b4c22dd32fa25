"""A step reading goes over the logs of one run twice: to tell sessions apart, and for records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError, MissingError
from ledger.estimate import plain
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.line_error import LineError
from ledger.importers.line_stream import LineStream
from ledger.importers.step_findings import Told, findings
from ledger.importers.step_legs import KINDS, StepLeg, gather, step_whole
from ledger.importers.step_log import Format
from ledger.importers.step_sessions import Placed, Session, Tracker, settle
from ledger.importers.step_settings import StepSaid
from ledger.journeys.importing import Reading
from ledger.period import Period, from_epoch_ms
from ledger.record.draft import Draft, draft_of
from ledger.record.whole import Whole

__all__ = ["read_steps"]

_NANO: Final = 10**9
_NS_IN_MS: Final = 10**6


def read_steps(
    how: Format, run: str, paths: Sequence[Path], said: StepSaid, catalogue: Catalogue
) -> Reading:
    """Read the logs of one run.

    Args:
        how: Reads the lines of the program.
        run: Name of the run.
        paths: Its logs, at least one.
        said: What the caller said.
        catalogue: The devices.
    """
    reader = _Reader(how, run, [LineStream(path) for path in paths], said, catalogue)
    try:
        return reader.reading()
    except LedgerError as error:
        return Reading((), (held_time.refusal(str(paths[0]), error),), 0)


class _Sums:
    """What the legs of one session came to so far."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.figure = self.given = 0
        self.kinds: Counter[str] = Counter()


class _Reader:
    """Reads the logs of one run."""

    def __init__(
        self,
        how: Format,
        run: str,
        streams: Sequence[LineStream],
        said: StepSaid,
        catalogue: Catalogue,
    ) -> None:
        """Name what is read, and how."""
        self._how = how
        self._run = run
        self._streams = streams
        self._said = said
        self._catalogue = catalogue
        self._path = str(streams[0].path)

    def reading(self) -> Reading:
        """Check the logs and build their records.

        Raises:
            LedgerError: They cannot be read, or say nothing of any step.
        """
        tracker = Tracker(self._said.clock)
        for _ in self._placed(tracker):
            pass
        if not tracker.sessions:
            raise InputError(
                f"the log has no {self._how.step} of {self._how.program} that can be read",
                where=self._path,
                remedy="give the log of the training itself",
            )
        settled = settle(tracker.sessions)
        if any(s.begin is None and not s.copy for s in tracker.sessions):
            self._need_day()
        told = Told(tracker, settled, mixed=self._precision(tracker.facts)[1])
        legs = gather(self._placed(Tracker(self._said.clock)), tracker.sessions)
        drafts = tuple(self._drafts(legs, tracker.sessions, told))
        vanished = tuple(self._vanished(tracker.sessions, {d.whole.key for d in drafts if d.whole}))
        paths = [str(stream.path) for stream in self._streams]
        problems = tuple(findings(told, self._how, self._said, paths))
        return Reading(drafts, problems, 1, told=(*drafts, *vanished))

    def _vanished(self, sessions: Sequence[Session], told: set[tuple[str, ...]]) -> Iterator[Whole]:
        """Yield sessions that copy another, and may have been recorded before that was known."""
        for session in sessions:
            key = (self._how.name, self._run, str(session.first), session.wall, "0")
            if session.copy and key not in told:
                yield step_whole(key, self._evidence(session.file, f"line {session.line}"))

    def _need_day(self) -> None:
        """Refuse a log without times of which nobody said when it was over."""
        if self._said.said.not_after is None:
            raise MissingError(
                "the log has no times",
                where=self._path,
                why="operations without a date count under no version of the law",
                remedy="write --set not_after=2026-11-22, a day by whose end the run was over",
            )

    def _placed(self, tracker: Tracker) -> Iterator[Placed]:
        """Yield the steps of all logs."""
        how = self._how
        for stream in self._streams:
            tracker.open()
            for line, data in enumerate(stream.lines(), start=1):
                if not how.interesting(data):
                    continue
                event = how.read(data.decode("utf-8", errors="replace"))
                if event is not None:
                    yield from self._told(tracker.take(line, event), tracker, stream)
            yield from self._told(tracker.close(), tracker, stream)

    def _told(
        self, steps: Iterator[Placed], tracker: Tracker, stream: LineStream
    ) -> Iterator[Placed]:
        """Yield steps; an error in them says on which line they stand."""
        try:
            yield from steps
        except MissingError as error:
            raise self._no_zone(stream, tracker.line) from error
        except InputError as error:
            raise LineError(
                error.message, tracker.line, where=str(stream.path), remedy=error.remedy
            ) from error

    def _no_zone(self, stream: LineStream, line: int) -> MissingError:
        """Return the error for times that mean several instants."""
        return MissingError(
            f"the times of the log have no zone (line {line})",
            where=str(stream.path),
            why="a day in one zone is two days in another",
            remedy="say in which zone the machine's clock was: --set zone=UTC, or Europe/Berlin",
        )

    def _drafts(
        self, legs: Iterator[StepLeg], sessions: Sequence[Session], told: Told
    ) -> Iterator[Draft]:
        """Yield the records, and add up what is to be told."""
        sums: dict[int, _Sums] = {}
        alike: Counter[tuple[str, ...]] = Counter()
        starts: dict[int, tuple[str, ...]] = {}
        for leg in legs:
            session = sessions[leg.session]
            if leg.session not in starts:
                start = (str(session.first), session.wall)
                starts[leg.session] = (*start, str(alike[start]))
                alike[start] += 1
            total = sums.setdefault(leg.session, _Sums())
            kind = KINDS[leg.wasted]
            key = (self._how.name, self._run, *starts[leg.session])
            place = (*key, kind, str(total.kinds[kind]))
            total.kinds[kind] += 1
            body = self._body(leg, session, total)
            told.add(leg, body)
            whole = step_whole(key, body["evidence"])
            yield draft_of("allocation", body, key=place, whole=whole)

    def _body(self, leg: StepLeg, session: Session, total: _Sums) -> dict[str, JSON]:
        """Return the record of a leg."""
        devices = session.devices or self._said.said.devices
        stated = {**self._stated(leg, session, devices), **self._amounts(leg, devices, total)}
        busy_ms = leg.amounts.busy // _NS_IN_MS
        if leg.begin is None or leg.end is None:
            body = held_time.undated(stated, str(self._said.said.not_after))
            if devices is not None:
                held = 1000 * devices * busy_ms
                body |= {"milli_devices": 1000 * devices, "device_us": str(held)}
                body["ceiling_operations"] = held_time.most(stated, held)
            return body
        end = max(leg.end, leg.begin + 1)
        period = Period(from_epoch_ms(leg.begin), from_epoch_ms(end))
        (body,) = held_time.dated(stated, period, 1000 * (devices or 0))
        if devices is None:
            body |= {"milli_devices": None, "device_us": None, "ceiling_operations": None}
        return body

    def _stated(self, leg: StepLeg, session: Session, devices: int | None) -> dict[str, JSON]:
        """Return the fields of a leg that are no amounts."""
        said = self._said.said
        precision = self._precision(session.facts)[0]
        fields: dict[str, JSON] = {"precision": precision}
        if said.device is not None:
            fields = held_time.peak_fields(said.device, precision, self._catalogue.digest)
        status = "final" if session.finished else "provisional"
        version = self._said.version or session.facts.get("framework_version") or "not stated"
        return {
            **fields,
            "run": self._run,
            "model": said.model or self._run,
            "developer": said.developer,
            "activity": "restart_waste" if leg.wasted else said.activity,
            "sparsity": said.sparsity,
            "operation_kind": "integer" if precision.startswith("int") else "float",
            "concurrent_devices": devices,
            "status": self._said.status or status,
            "role": said.role,
            "method_inputs": {
                "framework": self._how.program,
                "framework_version": version,
                "last_step": leg.last,
                "step_time_ms": plain(leg.amounts.busy // _NS_IN_MS),
                "steps": leg.amounts.count,
            },
            "evidence": self._evidence(session.file, f"lines {leg.lines[0]}-{leg.lines[1]}"),
        }

    def _evidence(self, file: int, locator: str) -> dict[str, JSON]:
        """Return where something stands in a log, as a record states it."""
        return {
            "source_kind": "framework",
            "file_sha256": self._streams[file].sha256,
            "locator": locator,
            "importer": self._how.name,
            "importer_version": self._how.version,
        }

    def _amounts(self, leg: StepLeg, devices: int | None, total: _Sums) -> dict[str, JSON]:
        """Return the operations as the program counts them, and how far rounding puts them off."""
        if devices is None or leg.amounts.unrated == leg.amounts.count:
            return {}
        low = leg.amounts.low * devices // _NANO
        total.figure += leg.amounts.figure * devices
        figure = total.figure // _NANO - total.given
        total.given += figure
        amounts: dict[str, JSON] = {"method": "framework_reported"}
        if leg.amounts.unrated:
            return {**amounts, "operations_low": str(min(low, figure))}
        high = -(-leg.amounts.high * devices // _NANO)
        return {
            **amounts,
            "operations": str(figure),
            "operations_low": str(min(low, figure)),
            "operations_high": str(max(high, figure)),
        }

    def _precision(self, facts: Mapping[str, str]) -> tuple[str, bool]:
        """Return the operand format, and whether the program says that it mixes several."""
        said = self._said.said.precision
        scaled = facts.get("fp8", "None") not in {"None", "False", ""}
        mixed = scaled or bool(facts.get("quantization"))
        if said != "unknown":
            return said, False
        if mixed:
            return "unknown", True
        if facts.get("bf16") == "True" or facts.get("dtype") == "bfloat16":
            return "bf16", False
        return ("fp16", False) if facts.get("fp16") == "True" else ("unknown", False)
