"""Settings of step logs: what a training program does not print and the caller must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers.slurm_time import Clock
from ledger.importers.trainer_settings import SETTINGS, Said, read_said

__all__ = ["STEP_SETTINGS", "StepSaid", "read_step_settings"]

STEP_SETTINGS = (SETTINGS - {"parameters", "start", "tokens"}) | {"status", "version", "zone"}


@dataclass(frozen=True, slots=True)
class StepSaid:
    """What the caller said with ``--set``.

    Attributes:
        said: As for a trainer; it has no start.
        clock: Reads the times of the log.
        zoned: Whether the zone was said.
        version: Version of the framework, or None.
        status: ``final`` or ``provisional``, or None to tell by the log.
    """

    said: Said
    clock: Clock
    zoned: bool
    version: str | None
    status: str | None


def read_step_settings(settings: Mapping[str, str], catalogue: Catalogue) -> StepSaid:
    """Read what the caller said.

    Raises:
        InputError: A setting is malformed.
        HardwareError: The device is not in the catalogue.
    """
    status = settings.get("status")
    if status not in {None, "final", "provisional"}:
        raise InputError(
            f"{status!r} is no status", where="--set status=…", remedy="final or provisional"
        )
    zone = settings.get("zone")
    return StepSaid(
        read_said(settings, catalogue),
        Clock(zone),
        zone is not None,
        settings.get("version"),
        status,
    )
