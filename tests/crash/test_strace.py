"""The kernel itself kills, or refuses, at each write and flush of SQLite and of the notes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sealed import checked, fill, found, opened, said

TESTS = Path(__file__).resolve().parent.parent
CALLS_MAX = 60
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sealed import identity, opened, said
from ledger.cli.context import Context
context = Context(Path(sys.argv[2]), None, True, True, False)
with opened(context, identity(seed="child")) as log:
    log.append([said(n) for n in range(20)])
print("done")
"""
FAULTS = {
    "kill": ("pwrite64,write,fsync,fdatasync", "signal=SIGKILL"),
    "EIO": ("fsync,fdatasync", "error=EIO"),
    "ENOSPC": ("pwrite64", "error=ENOSPC"),
}


def traced(folder: Path, calls: str, fault: str, number: int) -> subprocess.CompletedProcess[str]:
    """Append in another process in which the n-th call of a file of the ledger goes wrong."""
    paths = [f"--trace-path={folder / name}" for name in NAMES]
    inject = f"inject={calls}:{fault}:when={number}"
    command = ["strace", "-f", "-q", "-o", str(folder / "trace"), *paths, "-e", f"trace={calls}"]
    child = [sys.executable, "-c", CHILD, str(TESTS), str(folder / "ledger.db")]
    return subprocess.run(
        [*command, "-e", inject, *child], capture_output=True, text=True, check=False
    )


NAMES = ("ledger.db", "ledger.db-wal", "ledger.db.checkpoints")


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_fault_of_the_kernel_leaves_all_or_nothing(name: str, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("needs strace: apt-get install strace")
    calls, fault = FAULTS[name]
    met = 0
    for number in range(1, CALLS_MAX):
        folder = tmp_path / str(number)
        folder.mkdir()
        context = found(folder)
        fill(context, [said(100)])
        done = traced(folder, calls, fault, number)
        if "done" in done.stdout:
            # The command can only end well if the fault was never met, or SQLite got over it.
            assert done.returncode == 0
            assert checked(context).signed_size == 21
            if "INJECTED" not in (folder / "trace").read_text():
                break
            continue
        met += 1
        if name == "kill":
            assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, done
        else:
            assert "LedgerError" in done.stderr or "ledger.errors" in done.stderr, done
        verdict = checked(context)
        assert verdict.size in {1, 21}
        assert verdict.signed_size in {1, verdict.size}
        with opened(context) as log:
            log.append([said(n) for n in range(20)])
        assert checked(context).signed_size == 21
    else:
        pytest.fail(f"more than {CALLS_MAX} calls")
    assert met >= 3
