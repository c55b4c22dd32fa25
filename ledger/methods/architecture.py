"""Architecture methods count the passes that a model of stated shape makes over stated tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.estimate import Inputs, plain
from ledger.methods.formula import RECOMPUTATION, dense_equivalent, executed, work_out
from ledger.methods.given import SHAPE, Given
from ledger.methods.worked import Part, Worked, bounded

__all__ = [
    "TRAINING",
    "Kind",
    "adapter",
    "dense",
    "distillation",
    "moe",
    "part_of",
    "rl",
    "synthetic",
]

TRAINING = frozenset({"tokens", *SHAPE, "causal", "recomputation", "structured_ppm", "error_ppm"})
"""Inputs of every training pass."""

_DENSE_PPM, _OTHER_PPM = 100_000, 300_000
_DENSE_WHY = (
    "expert judgement: up to a tenth either way for a dense transformer whose tokens are known"
)
_OTHER_WHY = (
    "expert judgement: up to three tenths either way, since routing, padding, or the lengths of "
    "what is generated are rarely known exactly"
)
_NO_ATTENTION = "attention is left out: its shape is not given, and it grows with the context"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a part is, whatever its amounts.

    Attributes:
        name: One or two words.
        activity: Word of the activity vocabulary.
        error_ppm: Error of the method, parts per million either way; None if none is known.
        why: Where that error comes from.
        method: Method word of the record.
    """

    name: str
    activity: str
    error_ppm: int | None
    why: str
    method: str = "architecture"


def part_of(given: Given, inputs: Inputs, kind: Kind, notes: tuple[str, ...] = ()) -> Part:
    """Return the part that recorded inputs give, with its range.

    Args:
        given: What was given; an error in it replaces the method's own.
        inputs: Inputs with their formula.
        kind: What the part is.
        notes: What it leaves out.
    """
    stated, why = given.error(kind.error_ppm, kind.why)
    whole = {**inputs, **stated}
    operations = work_out(whole)
    low, high = bounded(operations, whole) or (None, None)
    equivalent = dense_equivalent(whole)
    if operations != equivalent:
        more = f"dense matrices of the same shape would take {equivalent} operations"
        notes = (*notes, f"operations performed are counted; {more}")
    return Part(
        kind.name,
        kind.activity,
        kind.method,
        operations,
        low,
        high,
        executed(whole),
        whole,
        why,
        notes,
    )


def dense(given: Given) -> Worked:
    """Work out 6·N·D, with attention where its shape is given."""
    inputs = {"formula": "dense", "parameters": _count(given, "parameters"), **_trained(given)}
    part = part_of(
        given, inputs, Kind("training", "pretrain", _DENSE_PPM, _DENSE_WHY), _attention_note(inputs)
    )
    return Worked("dense", "6·N·D + 12·layers·width·context·D", (part,))


def moe(given: Given) -> Worked:
    """Work out 6·N·D with the parameters that are active for a token."""
    active, total = given.positive("active_parameters"), given.positive("total_parameters")
    if active > total:
        raise InputError(
            f"{active} active of {total} parameters",
            where="--set",
            remedy="active ones are the shared part and the experts that a token is sent to",
        )
    inputs = {
        "formula": "dense",
        "parameters": plain(active),
        "total_parameters": plain(total),
        **_trained(given),
        **given.wholes("padded_ppm"),
    }
    notes = ("a dropped token takes less, which is not known here", *_attention_note(inputs))
    part = part_of(given, inputs, Kind("training", "pretrain", _OTHER_PPM, _OTHER_WHY), notes)
    return Worked("moe", "6·N(active)·D + 12·layers·width·context·D", (part,))


def adapter(given: Given) -> Worked:
    """Work out (4·N + 2·n)·D for LoRA and frozen weights."""
    return Worked("adapter", "(4·N + 2·n - 2·f)·D + attention", (_adapter(given, "sft"),))


def _adapter(given: Given, activity: str) -> Part:
    """Return the part of training a small share of a model."""
    inputs = {
        "formula": "adapter",
        "parameters": _count(given, "parameters"),
        "trainable_parameters": plain(given.whole("trainable_parameters")),
        **given.wholes("forward_only_parameters"),
        **_trained(given),
    }
    return part_of(
        given, inputs, Kind("training", activity, _DENSE_PPM, _DENSE_WHY), _attention_note(inputs)
    )


def rl(given: Given) -> Worked:
    """Work out reinforcement learning: update, rollouts, reference and reward passes."""
    best_of = given.positive("best_of") if given.has("best_of") else 1
    if given.has("trainable_parameters"):
        update = _adapter(given, "rl_update")
    else:
        inputs = {"formula": "dense", "parameters": _count(given, "parameters"), **_trained(given)}
        update = part_of(
            given,
            inputs,
            Kind("update", "rl_update", _OTHER_PPM, _OTHER_WHY),
            _attention_note(inputs),
        )
    tokens = given.positive("rollout_tokens")
    parts = [update, _forward(given, "rollout", "rl_rollout", "parameters", (tokens, best_of))]
    for model, activity in (("reference", "rl_update"), ("reward", "rl_rollout")):
        if given.has(f"{model}_parameters"):
            name = f"{model}_parameters"
            parts.append(_forward(given, model, activity, name, (tokens, best_of)))
    formula = "6·N·D + 2·N·rollouts + 2·N(reference)·rollouts + 2·N(reward)·rollouts"
    return Worked("rl", formula, tuple(parts))


def distillation(given: Given) -> Worked:
    """Work out a student's training and the teacher's forward passes."""
    inputs = {"formula": "dense", "parameters": _count(given, "parameters"), **_trained(given)}
    student = part_of(
        given, inputs, Kind("student", "pretrain", _OTHER_PPM, _OTHER_WHY), _attention_note(inputs)
    )
    tokens = given.positive("teacher_tokens" if given.has("teacher_tokens") else "tokens")
    teacher = _forward(
        given, "teacher", "distil_teacher_forward", "teacher_parameters", (tokens, 1)
    )
    return Worked("distillation", "6·N·D + 2·N(teacher)·D", (student, teacher))


def synthetic(given: Given) -> Worked:
    """Work out the generation of training data, discarded samples included."""
    public = given.word("public", ("yes", "no")) == "yes"
    activity = "synth_public" if public else "synth_private"
    tokens = given.positive("generated_tokens")
    kept = given.whole("kept_tokens") if given.has("kept_tokens") else None
    if kept is not None and kept > tokens:
        raise InputError(
            f"{kept} tokens kept of {tokens} generated",
            where="--set",
            remedy="generated_tokens counts every sample, kept or discarded",
        )
    notes = () if kept is None else (f"{tokens - kept} tokens were discarded and count as well",)
    parts = [_forward(given, "generator", activity, "generator_parameters", (tokens, 1), notes)]
    if given.has("judge_parameters"):
        parts.append(_forward(given, "judge", activity, "judge_parameters", (tokens, 1)))
    return Worked("synthetic", "2·N(generator)·tokens + 2·N(judge)·tokens", tuple(parts))


def _forward(  # noqa: PLR0913, PLR0917 - what tells one pass from another
    given: Given,
    name: str,
    activity: str,
    parameters: str,
    amount: tuple[int, int],
    notes: tuple[str, ...] = (),
) -> Part:
    """Return the part of a model that only runs forward over so many tokens and passes."""
    inputs: Mapping[str, int | str] = {
        "formula": "forward",
        "parameters": _count(given, parameters),
        "tokens": plain(amount[0]),
        "passes": amount[1],
    }
    left_out = f"{_NO_ATTENTION}; a cache of keys and values is taken for granted"
    return part_of(given, inputs, Kind(name, activity, _OTHER_PPM, _OTHER_WHY), (*notes, left_out))


def _trained(given: Given) -> dict[str, int | str]:
    """Return the inputs that every training pass has."""
    inputs: dict[str, int | str] = {"tokens": plain(given.positive("tokens")), **given.attention()}
    if given.has("recomputation"):
        inputs["recomputation"] = given.word("recomputation", RECOMPUTATION)
    return {**inputs, **given.wholes("structured_ppm")}


def _count(given: Given, name: str) -> int | str:
    """Return a number of parameters as a record writes it."""
    return plain(given.positive(name))


def _attention_note(inputs: Inputs) -> tuple[str, ...]:
    """Say that attention is left out, if it is."""
    return () if "layers" in inputs else (_NO_ATTENTION,)
