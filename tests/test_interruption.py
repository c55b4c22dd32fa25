"""A user who interrupts is told so, whatever a library made of the exception."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from ledger.cli import app
from ledger.cli.interruption import Interruption, interrupted


@pytest.fixture
def remembered() -> Iterator[None]:
    """Remember interruptions, as the program does."""
    before = signal.getsignal(signal.SIGINT)
    Interruption()
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("remembered")
def test_an_interruption_that_a_library_swallows_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def swallowed(*_: object, **__: object) -> int:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("no match") from None
        return 0

    monkeypatch.setattr(app.program, "main", swallowed)
    assert app.run(["--debug", "check"]) == 130
    assert "nothing is half-written" in capsys.readouterr().err


def test_an_interruption_between_two_commands_is_no_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app.program, "main", stopped)
    assert app.run(["check"]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.usefixtures("remembered")
def test_nothing_is_remembered_before_the_signal() -> None:
    assert not interrupted()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert interrupted()
