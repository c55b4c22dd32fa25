"""Estimates: formulas whose inputs are enough to work the figure out again."""

from __future__ import annotations

import csv
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.estimate import (
    Attention,
    Estimate,
    PipeSample,
    adapter,
    ceiling,
    dense,
    hardware,
    parts,
    pipe,
    ratio_ppm,
    recompute,
)

HOUR_US = 3_600 * 10**6
counts = st.integers(0, 10**13)


@pytest.mark.parametrize(
    ("parameters", "tokens", "operations"),
    [
        (3_800_000_000, 3_300 * 10**9, 75_240 * 10**18),
        (600_000_000, 36_000 * 10**9, 129_600 * 10**18),
        (1_540_000_000, 18_000 * 10**9, 166_320 * 10**18),
        (1_700_000_000, 36_000 * 10**9, 367_200 * 10**18),
        (2_500_000_000, 12_000 * 10**9, 180 * 10**21),
    ],
)
def test_estimate_dense_gives_the_worked_examples_of_the_guidelines(
    parameters: int, tokens: int, operations: int
) -> None:
    assert dense(parameters, tokens).operations == operations


def test_estimate_hardware_gives_the_example_that_is_above_the_line_unrounded() -> None:
    # 200,000 device-hours at 300 TFLOP/s and 50 %: printed as 10^23, exactly 1.08·10^23.
    found = hardware(200_000 * HOUR_US, 300 * 10**12, Fraction(1, 2))
    assert found.operations == 108 * 10**21
    assert found.method == "hardware"


def test_estimate_attention_adds_twelve_operations_a_layer_width_and_context() -> None:
    shape = Attention(layers=24, width=1024, context=1024)
    plain, with_attention = dense(1000, 7), dense(1000, 7, shape)
    assert with_attention.operations - plain.operations == 7 * 12 * 24 * 1024 * 1024
    halved = Attention(24, 1024, 1024, causal_halved=True)
    assert 2 * halved.per_token() == shape.per_token()


def test_estimate_adapter_takes_frozen_weights_for_four() -> None:
    assert adapter(1000, 10, 3).operations == (4 * 1000 + 2 * 10) * 3
    assert adapter(1000, 1000, 3).operations == dense(1000, 3).operations
    with pytest.raises(InputError, match="11 trainable of 10"):
        adapter(10, 11, 1)


def test_estimate_hardware_rounds_down_and_refuses_more_than_the_peak() -> None:
    assert hardware(1, 999_999, Fraction(1)).operations == 0
    assert hardware(1, 1_000_000, Fraction(1)).operations == 1
    assert hardware(10**6, 7, Fraction(1, 3)).operations == 2
    with pytest.raises(InputError, match="utilisation of 1001/1000"):
        hardware(1, 1, Fraction(1001, 1000))


def test_estimate_pipe_weighs_activity_by_clock_and_time() -> None:
    samples = [
        PipeSample(Fraction(1), Fraction(50), 1000),
        PipeSample(Fraction(1, 2), Fraction(100), 2000),
    ]
    found = pipe(samples, milli_devices=1000, peak=1_000_000, peak_clock_mhz=1000)
    assert found.operations == 500_000 + 1_000_000
    assert found.inputs["sampled_seconds"] == "3/2"
    two = pipe(samples, milli_devices=2000, peak=1_000_000, peak_clock_mhz=1000)
    assert two.operations == 2 * found.operations


def test_estimate_pipe_of_nothing_sampled_is_nothing_seen() -> None:
    found = pipe([], milli_devices=1000, peak=10**15, peak_clock_mhz=1830)
    assert (found.operations, found.inputs["sampled_seconds"]) == (0, "0")


@given(counts, counts, st.integers(0, 10**6))
def test_estimate_is_worked_out_again_from_its_inputs(n: int, tokens: int, part: int) -> None:
    estimates: list[Estimate] = [
        dense(n, tokens),
        dense(n, tokens, Attention(part, 64, 4096, causal_halved=bool(part % 2))),
        adapter(n, min(n, part), tokens),
        hardware(n, tokens, Fraction(part, 10**6)),
        pipe(
            [PipeSample(Fraction(part, 7), Fraction(part % 101), 1980)],
            milli_devices=n,
            peak=tokens,
            peak_clock_mhz=1830,
        ),
    ]
    for estimate in estimates:
        assert recompute(estimate.inputs) == estimate.operations
        written = {name: str(value) for name, value in estimate.inputs.items()}
        assert recompute(written) == estimate.operations


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "not known"),
        ({"formula": "guess"}, "'guess' is not known"),
        ({"formula": "dense", "parameters": 1}, "tokens is missing"),
        ({"formula": "dense", "parameters": "many", "tokens": 1}, "not a number"),
        ({"formula": "dense", "parameters": "1/2", "tokens": 1}, "not a whole number"),
    ],
)
def test_estimate_recompute_refuses_what_it_cannot_work_out(
    inputs: dict[str, int | str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        recompute(inputs)


def test_estimate_large_inputs_are_text_so_that_json_keeps_them() -> None:
    inputs = dense(2**53 - 1, 2**53).inputs
    assert (inputs["parameters"], inputs["tokens"]) == (2**53 - 1, str(2**53))


@given(st.integers(0, 10**28), st.lists(st.integers(0, 10**9), min_size=1).filter(any))
def test_estimate_parts_add_up_and_are_fair(total: int, weights: list[int]) -> None:
    found = parts(total, weights)
    assert sum(found) == total
    whole = sum(weights)
    assert all(abs(p * whole - total * w) < whole for p, w in zip(found, weights, strict=True))


def test_estimate_parts_give_the_remainder_to_the_largest_then_the_first() -> None:
    assert parts(10, [1, 1, 1]) == (4, 3, 3)
    assert parts(5, [1, 3]) == (1, 4)
    assert parts(1, [1, 2]) == (0, 1)


def test_estimate_ratio_is_rounded_to_the_nearest_millionth() -> None:
    assert ratio_ppm(1, 3) == 333_333
    assert ratio_ppm(2, 3) == 666_667
    assert ratio_ppm(1, 2_000_000) == 1
    with pytest.raises(InputError, match="zero"):
        ratio_ppm(1, 0)


def test_estimate_ceiling_is_held_time_by_peak_rounded_down() -> None:
    assert ceiling(HOUR_US, 9894 * 10**11) == 3600 * 9894 * 10**11
    assert ceiling(1, 1_999_999) == 1


@pytest.mark.parametrize(
    ("run", "peak", "operations"),
    [
        ("pretrain-bf16", 9894 * 10**11, 16_028_986_236_963_934),
        ("continue-tf32", 4947 * 10**11, 6_752_751_296_193_442),
        ("lora-bf16", 9894 * 10**11, 5_924_741_688_944_262),
    ],
)
def test_estimate_pipe_of_real_counters(
    shared_path: Callable[[str], Path], run: str, peak: int, operations: int
) -> None:
    with (shared_path("data/h100") / f"telemetry_{run}.csv").open() as table:
        samples = [
            PipeSample(Fraction(1), Fraction(row["gpm_any_tensor_util"]), int(row["sm_clock_mhz"]))
            for row in csv.DictReader(table)
        ]
    found = pipe(samples, milli_devices=1000, peak=peak, peak_clock_mhz=1830)
    assert found.operations == operations
