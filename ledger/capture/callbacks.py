"""A callback captures a run of the Hugging Face Trainer or of Lightning, without importing either.

The class is made when it is asked for: with the framework's own base class if the program has
loaded the framework, and with none if not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from ledger.capture import Capture
from ledger.capture.session import say

__all__ = ["LightningHooks", "TrainerHooks", "lightning_callback", "trainer_callback"]

_LIGHTNING: Final = ("lightning.pytorch", "pytorch_lightning")


def trainer_callback(*, total_flos: bool = False, **given: object) -> Any:  # noqa: ANN401
    """Return a callback for ``transformers.Trainer(callbacks=[…])``.

    Args:
        total_flos: Whether the Trainer's own count of operations is taken; it is wrong for frozen
            weights and for inputs that are not text.
        given: See `ledger.capture.capture`; ``devices`` is the Trainer's world size if not given.
    """
    base = getattr(sys.modules.get("transformers"), "TrainerCallback", object)
    return _made("TrainerCapture", TrainerHooks, base)(given, total_flos=total_flos)


def lightning_callback(*, tokens: Callable[[Any], int] | None = None, **given: object) -> Any:  # noqa: ANN401
    """Return a callback for ``lightning.Trainer(callbacks=[…])``.

    Args:
        tokens: Gives the tokens of a batch of all ranks together; None counts steps only.
        given: See `ledger.capture.capture`; ``devices`` is the world size if not given.
    """
    loaded = (sys.modules.get(name) for name in _LIGHTNING)
    bases = (getattr(module, "Callback", None) for module in loaded)
    base = next((base for base in bases if base is not None), object)
    return _made("LightningCapture", LightningHooks, base)(given, tokens=tokens)


class _Guarded:
    """What both share: no fault of a hook reaches the training."""

    def __init__(self, given: dict[str, object]) -> None:
        """Keep what is said of the run."""
        super().__init__()
        self._given = given
        self._before: str | None = None
        self._told = False
        self.capture: Capture | None = None

    def _begin(self, world_size: object, *, first: bool) -> None:
        """Begin the capture, in the first process of the job."""
        if self.capture is not None:
            return
        given = dict(self._given)
        if given.get("devices") is None and type(world_size) is int:
            given["devices"] = world_size
        # What the framework says of ranks is worth more than what a launcher left behind.
        given.setdefault("rank", 0 if first else 1)
        self.capture = Capture(**given).start()

    def _end(self, outcome: str = "done", status: str | None = None) -> None:
        """End the capture."""
        capture, self.capture = self.capture, None
        if capture is not None:
            capture.stop(outcome, status)

    def _evaluating(self, *, now: bool) -> None:
        """Tell evaluation from training."""
        if self.capture is None or now == (self._before is not None):
            return
        if now:
            self._before = self.capture.change("eval")
        else:
            self.capture.change(str(self._before))
            self._before = None

    def _guard(self, hook: Callable[[], None]) -> None:
        """Call a hook; tell the first fault."""
        try:
            hook()
        except Exception as error:  # noqa: BLE001 - a training is never stopped
            if not self._told:
                self._told = True
                say(f"the callback cannot read the trainer: {type(error).__name__}: {error}")


class TrainerHooks(_Guarded):
    """Hooks of the Hugging Face Trainer; events that are not known here do nothing."""

    def __init__(self, given: dict[str, object], *, total_flos: bool = False) -> None:
        """Keep what is said, and whether the Trainer's count is taken."""
        super().__init__(given)
        self._take_flos = total_flos
        self._flos = 0
        self._tokens = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Return a hook that does nothing, for every event of today and tomorrow."""
        if name.startswith("on_"):
            return lambda *_args, **_kwargs: None
        raise AttributeError(name)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Begin; a resumed run goes on from the counts of its checkpoint, which are not new."""
        del control

        def hook() -> None:
            self._flos, self._tokens = (
                int(state.total_flos),
                _integer(state, "num_input_tokens_seen"),
            )
            world = getattr(args, "world_size", None)
            self._begin(world, first=bool(getattr(state, "is_world_process_zero", True)))

        self._guard(hook)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Count a step, and the tokens if the Trainer counts them."""
        del args, control
        self._guard(lambda: self._step(state))

    def on_prediction_step(self, *_args: object, **_kwargs: object) -> None:
        """Tell that evaluation goes on."""
        self._guard(lambda: self._evaluating(now=True))

    def on_evaluate(self, *_args: object, **_kwargs: object) -> None:
        """Tell that evaluation is over."""
        self._guard(lambda: self._evaluating(now=False))

    def on_predict(self, *_args: object, **_kwargs: object) -> None:
        """Tell that prediction is over."""
        self._guard(lambda: self._evaluating(now=False))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Count what is left, and end."""
        del args, control

        def hook() -> None:
            if self.capture is not None:
                self._count(self.capture, state, steps=None)
            self._end()

        self._guard(hook)

    def _step(self, state: Any) -> None:  # noqa: ANN401
        """Count one step."""
        if self.capture is not None:
            self._evaluating(now=False)
            self._count(self.capture, state, steps=1)

    def _count(self, capture: Capture, state: Any, steps: int | None) -> None:  # noqa: ANN401
        """Count what the state has more than before."""
        seen, flos = _integer(state, "num_input_tokens_seen"), int(state.total_flos)
        capture.add(
            tokens=seen - self._tokens if seen else None,
            operations=flos - self._flos if self._take_flos and flos else None,
            steps=steps,
        )
        self._tokens, self._flos = seen, flos


class LightningHooks(_Guarded):
    """Hooks of a Lightning trainer."""

    def __init__(
        self, given: dict[str, object], *, tokens: Callable[[Any], int] | None = None
    ) -> None:
        """Keep what is said, and what counts a batch."""
        super().__init__(given)
        self._tokens_of = tokens

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401
        """Begin."""
        del pl_module

        def hook() -> None:
            world = getattr(trainer, "world_size", None)
            self._begin(world, first=bool(getattr(trainer, "is_global_zero", True)))

        self._guard(hook)

    def on_train_batch_end(
        self,
        trainer: Any,  # noqa: ANN401
        pl_module: Any,  # noqa: ANN401
        outputs: Any,  # noqa: ANN401
        batch: Any,  # noqa: ANN401
        batch_idx: int,
    ) -> None:
        """Count a batch."""
        del trainer, pl_module, outputs, batch_idx

        def hook() -> None:
            if self.capture is not None:
                counted = None if self._tokens_of is None else self._tokens_of(batch)
                self.capture.add(tokens=counted, steps=1)

        self._guard(hook)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401
        """Tell that evaluation begins."""
        del trainer, pl_module
        self._guard(lambda: self._evaluating(now=True))

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401
        """Tell that evaluation is over."""
        del trainer, pl_module
        self._guard(lambda: self._evaluating(now=False))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401
        """End."""
        del trainer, pl_module
        self._guard(self._end)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ANN401
        """End a training that failed."""
        del trainer, pl_module
        self._guard(lambda: self._end("failed", type(exception).__name__))


def _made(name: str, hooks: type, base: type) -> Any:  # noqa: ANN401
    """Return the class of a callback."""
    return type(name, (hooks,) if base is object else (hooks, base), {})


def _integer(state: Any, name: str) -> int:  # noqa: ANN401
    """Return a count of a state that older versions do not have."""
    return int(getattr(state, name, 0) or 0)
