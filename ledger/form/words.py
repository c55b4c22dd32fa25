"""Words are the closed lists that the fields of records choose from."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "Activity",
    "Method",
    "OperationKind",
    "Precision",
    "SourceKind",
    "Sparsity",
    "Topology",
]

Activity = Literal[
    "pretrain",
    "continued_pretrain",
    "sft",
    "preference",
    "rl_update",
    "rl_rollout",
    "synth_private",
    "synth_public",
    "eval",
    "red_team",
    "failed_experiment",
    "exploratory",
    "distil_teacher_training",
    "distil_teacher_forward",
    "auxiliary_model",
    "recompute",
    "merge_input",
    "restart_waste",
    "data_processing",
    "startup",
    "idle",
    "inference_service",
    "unknown",
]
Precision = Literal[
    "fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8", "int4", "unknown"
]
Sparsity = Literal["dense", "structured", "unknown"]
OperationKind = Literal["float", "integer", "unknown"]
Topology = Literal["unknown", "oversubscribed", "limited", "non_blocking", "torus", "supernode"]
Method = Literal[
    "hardware",
    "architecture",
    "counter",
    "framework_reported",
    "provider_reported",
    "third_party_estimate",
    "none",
]
SourceKind = Literal[
    "hardware_signed",
    "provider_countersigned",
    "invoice",
    "scheduler",
    "telemetry",
    "framework",
    "benchmark_log",
    "publication",
    "assertion",
]
