"""A stage is where one side of a benchmark runs: its folders, its size and its clock."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter


@dataclass(slots=True)
class Stage:
    """What a side is given.

    Attributes:
        inputs: Folder of what was prepared, which both sides read and nobody changes.
        work: An empty folder of this process.
        size: How many entries, rows or appends.
        laps: Seconds of each timed block.
        figure: A number that a side measured itself, instead of time.
    """

    inputs: Path
    work: Path
    size: int
    laps: list[float] = field(default_factory=list)
    figure: float | None = None

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Time a block; what a side prepares and compares stands outside of it."""
        gc.collect()
        begun = perf_counter()
        yield
        self.laps.append(perf_counter() - begun)

    @contextmanager
    def lap(self) -> Iterator[None]:
        """Time one of many short blocks."""
        begun = perf_counter()
        yield
        self.laps.append(perf_counter() - begun)

    def copied(self, folder: Path) -> Path:
        """Return a copy of a prepared folder that the side may change."""
        return Path(shutil.copytree(folder, self.work / folder.name))


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="side-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def peak_kib() -> int:
    """Return the most memory this process has held, in KiB.

    Not ``ru_maxrss``: that begins with what the process that started this one held.
    """
    with Path("/proc/self/status").open() as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def nothing(stage: Stage) -> int:
    """Prepare nothing; return the size."""
    return stage.size
