"""Callbacks for the Hugging Face Trainer and Lightning, with stand-ins for both."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ledger.capture.callbacks import lightning_callback, trainer_callback
from ledger.importers.spool_session import SpoolSession, read_session

GIVEN = {"run": "r", "model": "m", "activity": "sft"}


def only(folder: Path) -> SpoolSession:
    (path,) = folder.glob("*.spool")
    with path.open("rb") as stream:
        return read_session(line.rstrip(b"\n") for line in stream)


class Trainer:
    """Calls the events of a Trainer in their order, as `CallbackHandler` does."""

    def __init__(self, callback: Any, *, first: bool = True, **state: Any) -> None:
        self.callback = callback
        self.args = SimpleNamespace(world_size=16)
        counts = {"total_flos": 0.0, "num_input_tokens_seen": 0, **state}
        self.state = SimpleNamespace(is_world_process_zero=first, **counts)

    def event(self, name: str) -> None:
        getattr(self.callback, name)(self.args, self.state, None, model=None, metrics={})

    def step(self, tokens: int, flos: float) -> None:
        self.event("on_step_begin")
        self.state.num_input_tokens_seen += tokens
        self.state.total_flos += flos
        self.event("on_step_end")


def test_trainer_callback_counts_steps_and_new_tokens(tmp_path: Path) -> None:
    trainer = Trainer(
        trainer_callback(**GIVEN, spool=tmp_path, total_flos=True),
        total_flos=1e18,
        num_input_tokens_seen=1000,
    )
    for name in ("on_init_end", "on_train_begin", "on_epoch_begin", "on_something_new"):
        trainer.event(name)
    trainer.step(10, 1e15)
    time.sleep(0.01)
    for _ in range(3):
        trainer.event("on_prediction_step")
        time.sleep(0.01)
    trainer.event("on_evaluate")
    trainer.step(20, 2e15)
    time.sleep(0.01)
    trainer.event("on_train_end")
    found = only(tmp_path)
    assert found.ended is not None
    # A resumed run goes on from its checkpoint, and what was done before is not done again.
    assert (found.ended["tokens"], found.ended["steps"]) == ("30", "2")
    assert found.ended["operations"] == str(3 * 10**15)
    assert [leg.activity for leg in found.legs] == ["sft", "eval", "sft"]
    assert found.head["milli_devices"] == 16_000


def test_trainers_own_operations_are_taken_only_if_asked_for(tmp_path: Path) -> None:
    trainer = Trainer(trainer_callback(**GIVEN, spool=tmp_path, devices=8))
    trainer.event("on_train_begin")
    trainer.step(0, 1e15)
    trainer.event("on_train_end")
    found = only(tmp_path)
    assert found.ended is not None
    assert (found.ended["operations"], found.ended["tokens"]) == (None, None)
    assert found.head["milli_devices"] == 8000


def test_trainer_callback_writes_in_the_first_process_only(tmp_path: Path) -> None:
    trainer = Trainer(trainer_callback(**GIVEN, spool=tmp_path), first=False)
    trainer.event("on_train_begin")
    trainer.step(10, 1.0)
    trainer.event("on_train_end")
    assert list(tmp_path.iterdir()) == []


def test_trainer_that_is_not_understood_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = trainer_callback(**GIVEN, spool=tmp_path)
    for _ in range(3):
        callback.on_train_begin(None, None, None)
        callback.on_step_end(None, None, None)
    callback.on_train_end(None, None, None)
    assert capsys.readouterr().err.count("cannot read the trainer") == 1
    with pytest.raises(AttributeError):
        callback.state_dict  # noqa: B018


def framework(name: str, base: str, monkeypatch: pytest.MonkeyPatch) -> type:
    module = ModuleType(name)
    kind = type(base, (), {"state_key": "x", "on_train_start": None})
    setattr(module, base, kind)
    monkeypatch.setitem(sys.modules, name, module)
    return kind


def test_callbacks_are_of_the_frameworks_class_where_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not {"transformers", "lightning.pytorch"} & set(sys.modules)
    of_trainer = framework("transformers", "TrainerCallback", monkeypatch)
    of_lightning = framework("lightning.pytorch", "Callback", monkeypatch)
    assert isinstance(trainer_callback(**GIVEN), of_trainer)
    callback = lightning_callback(**GIVEN)
    assert isinstance(callback, of_lightning)
    assert callback.on_train_start is not None


def test_lightning_callback_counts_batches(tmp_path: Path) -> None:
    callback = lightning_callback(**GIVEN, spool=tmp_path, tokens=lambda batch: len(batch) * 4)
    trainer = SimpleNamespace(world_size=4, is_global_zero=True)
    callback.on_train_start(trainer, None)
    callback.on_train_batch_end(trainer, None, None, [1, 2, 3], 0)
    time.sleep(0.01)
    callback.on_validation_start(trainer, None)
    time.sleep(0.01)
    callback.on_validation_end(trainer, None)
    callback.on_train_batch_end(trainer, None, None, [1], 1)
    callback.on_train_batch_end(trainer, None, None, None, 2)
    time.sleep(0.01)
    callback.on_exception(trainer, None, MemoryError())
    callback.on_train_end(trainer, None)
    found = only(tmp_path)
    assert found.ended is not None
    assert (found.ended["tokens"], found.ended["steps"]) == ("16", "2")
    assert (found.ended["outcome"], found.ended["status"]) == ("failed", "MemoryError")
    assert [leg.activity for leg in found.legs] == ["sft", "eval", "sft"]
