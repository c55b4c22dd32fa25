"""Every command of the README runs, in its order, in one folder, and ends as the README says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
# Findings and missing facts are answers; every other command ends with 0.
STATUSES = {"check": {0, 1, 3}, "explain": {0, 1, 3}, "reconcile": {0, 1}}
REFUSED = "--ledger tampered.db verify"


def commands() -> list[str]:
    """Return the commands of the tours."""
    text = README.read_text("utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), "a tour shows commands only"
    return [line[2:] for line in lines]


def expected(command: str) -> set[int]:
    """Return the statuses that a command may end with."""
    if command == f"flopledger {REFUSED}":
        return {4}
    words = [word for word in shlex.split(command)[1:] if not word.startswith("-")]
    return STATUSES.get(words[0], {0})


def programs(folder: Path) -> Path:
    """Make a folder in which `flopledger` and `python3` are those of the tests."""
    folder.mkdir()
    for name, rest in (("flopledger", "-m ledger "), ("python3", "")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {rest}"$@"\n')
        script.chmod(0o755)
    return folder


def test_readme_commands_run_in_order(tmp_path: Path) -> None:
    folder, environment, ran = tmp_path, {**os.environ}, 0
    for name in ("FLOPLEDGER_FILES", "FLOPLEDGER_LEDGER", "FLOPLEDGER_RULES"):
        environment.pop(name, None)
    environment["PATH"] = f"{programs(tmp_path / 'bin')}{os.pathsep}{environment['PATH']}"
    for command in commands():
        words = shlex.split(command)
        if words[0] == "cd":
            folder /= words[1]
        elif words[0] == "export":
            name, _, value = words[1].partition("=")
            environment[name] = value
        else:
            assert words[0] in {"flopledger", "python3", "printf"}
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode in expected(command), f"{command}\n{done.stdout}{done.stderr}"
            assert "Traceback" not in done.stderr, command
            ran += 1
    assert ran > 25
    assert "gpaisr-presumption" in (folder / "report.md").read_text("utf-8")
