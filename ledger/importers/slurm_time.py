"""Times of Slurm: local without an offset unless told, `Unknown`, or seconds since the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.errors import InputError, MissingError

__all__ = ["NEVER", "Clock", "seconds_of"]

NEVER: Final = frozenset({"", "unknown", "none", "0", "n/a", "invalid"})
"""What Slurm writes for a time that is not."""

_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
_EPOCH: Final = re.compile(r"[1-9][0-9]{8,10}")
_ELAPSED: Final = re.compile(
    r"(?:(?P<days>\d{1,5})-)?(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,3}):(?P<seconds>\d{2})"
    r"(?:\.\d{1,6})?"
)
_NO_ZONE: Final = (
    "export again with TZ=UTC and --set zone=UTC, or say in which zone the client ran: "
    "--set zone=Europe/Berlin"
)


class Clock:
    """Reads times of one export."""

    def __init__(self, zone: str | None) -> None:
        """Set the zone of times without an offset.

        Args:
            zone: A name of the zone database, or None if nobody said.

        Raises:
            InputError: If there is no such zone.
        """
        self._zone = None if zone is None else _zone(zone)
        self._is_utc = zone == "UTC"

    def read(self, text: str) -> tuple[datetime, ...]:
        """Return the instants that a text can mean: none for `Unknown`, two in a repeated hour.

        Raises:
            InputError: If it is no time, or the zone has no such hour.
            MissingError: If nobody gave the zone: the whole file is open then.
        """
        if not _LOCAL.fullmatch(text):
            if text.strip().lower() in NEVER:
                return ()
            if _EPOCH.fullmatch(text):
                return (datetime.fromtimestamp(int(text), UTC),)
            raise InputError(
                f"{text[:40]!r} is no time",
                remedy="unset SLURM_TIME_FORMAT, or set it to %s",
            )
        if self._zone is None:
            raise MissingError(
                f"{text} has no zone, and neither has any other time of the file",
                why="one hour a year means two instants",
                remedy=_NO_ZONE,
            )
        return self._instants(text)

    def _instants(self, text: str) -> tuple[datetime, ...]:
        """Return the instants at which a clock on the wall of the zone showed this."""
        try:
            if self._is_utc:
                return (datetime.fromisoformat(text + "+00:00"),)
            wall = datetime.fromisoformat(text)
            # What the clock says twice, or never, has another offset the second time.
            once, again = (wall.replace(tzinfo=self._zone, fold=n).utcoffset() for n in (0, 1))
            assert once is not None
            assert again is not None
            folds = [(wall - once).replace(tzinfo=UTC)]
            if once == again:
                return tuple(folds)
            folds.append((wall - again).replace(tzinfo=UTC))
            shown = [one.astimezone(self._zone).replace(tzinfo=None) for one in folds]
        except (ValueError, OverflowError) as error:
            raise InputError(f"{text} is no time", remedy="export it again") from error
        found: list[datetime] = []
        for instant, seen in zip(folds, shown, strict=True):
            if seen == wall and instant not in found:
                found.append(instant)
        if not found:
            raise InputError(
                f"no clock of {self._zone} showed {text}",
                why="in spring an hour is left out",
                remedy="check --set zone=…; an export with TZ=UTC has no such hour",
            )
        return tuple(found)


@lru_cache(maxsize=4096)
def seconds_of(elapsed: str) -> int:
    """Return a duration `[DD-[HH:]]MM:SS` in whole seconds; digits are seconds already.

    Raises:
        InputError: If it is written otherwise.
    """
    if elapsed.isascii() and elapsed.isdigit() and len(elapsed) <= 12:  # noqa: PLR2004 - 30,000 years
        return int(elapsed)
    found = _ELAPSED.fullmatch(elapsed)
    if not found:
        raise InputError(f"{elapsed[:40]!r} is no duration", remedy="export ElapsedRaw")
    span = timedelta(
        days=int(found["days"] or 0),
        hours=int(found["hours"] or 0),
        minutes=int(found["minutes"]),
        seconds=int(found["seconds"]),
    )
    return span.days * 86_400 + span.seconds


def _zone(name: str) -> ZoneInfo:
    """Return a zone by its name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(
            f"there is no time zone {name!r}",
            where="--set zone=…",
            remedy="write UTC, or a name such as Europe/Berlin",
        ) from error
