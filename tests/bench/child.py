"""A child is the fresh process in which one side of a benchmark runs; it prints what it found."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from .stage import Stage, peak_kib


def main(arguments: list[str]) -> None:
    """Run ``module function inputs work size``; the last line of stdout is one JSON object."""
    module, function, inputs, work, size = arguments
    stage = Stage(Path(inputs), Path(work), int(size))
    side = importlib.import_module(f"{__package__}.{module}")
    answer = getattr(side, function)(stage)
    found = {
        "answer": answer,
        "laps": stage.laps,
        "figure": stage.figure,
        "peak_kib": peak_kib(),
    }
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
