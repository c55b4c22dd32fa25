"""An epilog is what a scheduler runs when a job is over: it bounds the tail of a killed run."""

from __future__ import annotations

from typing import Final

from ledger.spool import FORMAT

__all__ = ["EPILOGS", "epilog"]

_SLURM: Final = r"""#!/bin/sh
# Epilog for Slurm: notes when a job ended, so that the time after the last heartbeat of a run that
# was killed is bounded. In slurm.conf: Epilog=/etc/slurm/epilog.d/flopledger.sh
# The folder is where the jobs' spools lie; every node must be able to write there.
# It never fails: an epilog that fails drains the node.
SPOOL="${FLOPLEDGER_SPOOL:-@SPOOL@}"
JOB="${SLURM_JOB_ID:-}"
case "$JOB" in "" | *[!0-9]*) exit 0 ;; esac
[ -d "$SPOOL" ] || exit 0
NOW="$(date +%s)000"
TEXT="{\"format\":\"@FORMAT@\",\"job\":\"$JOB\",\"n\":0,\"t\":\"closing\",\"wall_ms\":$NOW}"
SUM="$(printf %s "$TEXT" | sha256sum 2>/dev/null | cut -c1-16)"
[ "${#SUM}" -eq 16 ] || exit 0
FILE="$SPOOL/job-$JOB-$(hostname)-$NOW.closed"
exec 2>/dev/null
printf '%06d %s %s\n' "${#TEXT}" "$SUM" "$TEXT" >"$FILE.$$" && mv "$FILE.$$" "$FILE"
exit 0
"""
EPILOGS: Final = ("slurm",)
"""Schedulers that there is an epilog for."""


def epilog(scheduler: str, spool: str = "/var/spool/flopledger") -> str:
    """Return the script.

    Args:
        scheduler: One of `EPILOGS`.
        spool: Folder of the spools, where the variable ``FLOPLEDGER_SPOOL`` does not say another.
    """
    assert scheduler in EPILOGS, "the command line offers no other"
    safe = "".join(sign for sign in spool if sign.isalnum() or sign in "/._-+@ ")
    return _SLURM.replace("@SPOOL@", safe).replace("@FORMAT@", FORMAT)
