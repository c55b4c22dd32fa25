from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import HardwareError, RuleError
from ledger.hardware import FORMATS, Catalogue, Device
from ledger.pack import Pack
from ledger.yamltree import parse_tree

RULES = Path(__file__).resolve().parent.parent / "rules"
FILES = ("hardware/accelerators.yaml", "hardware/references.yaml")


def pack_of(**replaced: str) -> Pack:
    """The hardware files; a keyword replaces ``accelerators`` or ``references``."""
    texts = {name: (RULES / name).read_text("utf-8") for name in FILES}
    texts |= {f"hardware/{name}.yaml": text for name, text in replaced.items()}
    return Pack.of({name: parse_tree(text, where=name) for name, text in texts.items()})


def text_with(old: str, new: str) -> str:
    text = (RULES / FILES[0]).read_text("utf-8")
    assert old in text
    return text.replace(old, new, 1)


# Worked out by hand from the published rates: the highest of rate in TOP/s times bit length.
EXPECTED_TPP = {
    "nvidia-v100-sxm2": "2000",
    "nvidia-a100-40gb": "4992",
    "nvidia-a100-80gb": "4992",
    "nvidia-a800-80gb": "4992",
    "nvidia-h800-sxm5": "15832",
    "nvidia-h100-sxm5": "15832",
    "nvidia-h100-pcie": "12104",
    "nvidia-h100-nvl": "13368",
    "nvidia-h20": "2368",
    "nvidia-h200-sxm": "15832",
    "nvidia-l4": "1940",
    "nvidia-l40s": "5864",
    "nvidia-l20": "1912",
    "nvidia-a10": "2000",
    "nvidia-rtx-4090": "5284.8",
    "nvidia-rtx-4090d": "4707.2",
    "nvidia-rtx-5090": "6704",
    "nvidia-rtx-5090d": "4750.4",
    "nvidia-b100": "28000",
    "nvidia-b200": "36000",
    "nvidia-gb200": "40000",
    "nvidia-b300": "56000",
    "nvidia-gb300": "60000",
    "nvidia-rubin": "140000",
    "amd-mi210": "2899.2",
    "amd-mi250x": "6128",
    "amd-mi300x": "20919.2",
    "amd-mi308x": "-",
    "amd-mi325x": "20919.2",
    "amd-mi355x": "60397.8",
    "intel-gaudi2": "6920",
    "intel-gaudi3": "29360",
    "google-tpu-v3": "1968",
    "google-tpu-v4": "4400",
    "google-tpu-v5e": "3152",
    "google-tpu-v5p": "7344",
    "google-tpu-v6e": "14688",
    "google-tpu7x": "36912",
    "aws-trainium1": "3040",
    "aws-trainium2": "10672",
    "aws-trainium3": "20136",
    "huawei-ascend-910b": "6016",
    "huawei-ascend-910c": "12032",
    "huawei-ascend-950pr": "6800",
    "cerebras-wse3": "-",
    "microsoft-maia-200": "40580",
}

CATALOGUE = Catalogue.from_pack(pack_of())
H100 = CATALOGUE.devices["nvidia-h100-sxm5"]


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("nvidia-h100-sxm5", "nvidia-h100-sxm5"),
        ("NVIDIA H100 80GB HBM3", "nvidia-h100-sxm5"),
        ("NVIDIA H100-SXM5-80GB", "nvidia-h100-sxm5"),
        ("  NVIDIA H100 PCIe\n", "nvidia-h100-pcie"),
        ("NVIDIA H200", "nvidia-h200-sxm"),
        ("NVIDIA H20", "nvidia-h20"),
        ("TPU v5p", "google-tpu-v5p"),
        ("TPU-v5p", "google-tpu-v5p"),
        ("TPU v5 lite", "google-tpu-v5e"),
        ("NVIDIA Blackwell GPU (GB200)", "nvidia-gb200"),
        ("AMD Instinct MI300X 192GB HBM3", "amd-mi300x"),
        ("Intel(R) Gaudi(R) 2 AI Accelerator", "intel-gaudi2"),
    ],
)
def test_catalogue_finds_exact_ids_and_aliases(name: str, device: str) -> None:
    assert CATALOGUE.find(name).id == device


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("H100", {"nvidia-h100-sxm5", "nvidia-h100-pcie", "nvidia-h100-nvl"}),
        ("NVIDIA H100", {"nvidia-h100-sxm5", "nvidia-h100-pcie", "nvidia-h100-nvl"}),
        ("a100", {"nvidia-a100-40gb", "nvidia-a100-80gb"}),
        ("NVIDIA A100", {"nvidia-a100-40gb", "nvidia-a100-80gb"}),
        ("RTX 5090", {"nvidia-rtx-5090", "nvidia-rtx-5090d"}),
        ("TPU v5", {"google-tpu-v5e", "google-tpu-v5p"}),
    ],
)
def test_catalogue_refuses_an_ambiguous_name_and_lists_what_it_fits(
    name: str, listed: set[str]
) -> None:
    with pytest.raises(HardwareError) as caught:
        CATALOGUE.find(name)
    assert all(device in caught.value.remedy for device in listed)
    assert caught.value.why


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("H200", "nvidia-h200-sxm"),
        ("nvidia h100 80gb hbm3", "nvidia-h100-sxm5"),
        ("NVIDIA H100 80GB HBM2", "nvidia-h100-sxm5"),
        ("AMD Instinct MI300", "amd-mi300x"),
        ("nvidia-h100-sxm", "nvidia-h100-sxm5"),
    ],
)
def test_catalogue_refuses_an_unknown_name_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(HardwareError) as caught:
        CATALOGUE.find(name)
    assert nearest in caught.value.remedy


def test_catalogue_tells_h200_from_h20() -> None:
    with pytest.raises(HardwareError) as caught:
        CATALOGUE.find("H200")
    assert "nvidia-h20 " not in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "reason"),
    [("AMD Instinct MI250X", "two dies"), ("TPU v3", "two cores"), ("NVIDIA H200 NVL", "slower")],
)
def test_catalogue_says_why_a_name_that_looks_exact_is_refused(name: str, reason: str) -> None:
    with pytest.raises(HardwareError) as caught:
        CATALOGUE.find(name)
    assert reason in caught.value.why


@given(st.text(max_size=200))
def test_catalogue_never_guesses(name: str) -> None:
    if name.strip() in CATALOGUE.names:
        assert name.strip() in {CATALOGUE.find(name).id, *CATALOGUE.find(name).aliases}
        return
    with pytest.raises(HardwareError):
        CATALOGUE.find(name)


def test_catalogue_takes_every_name_that_mlperf_prints(shared_path: Callable[[str], Path]) -> None:
    names = {
        json.loads(path.read_text("utf-8"))["accelerator_model_name"]
        for path in shared_path("data/mlperf").glob("*/systems/*/*.json")
    }
    refused = {name for name in names if name not in CATALOGUE.names}
    # No figures of the NVL board are published in the catalogue's sources.
    assert refused == {"NVIDIA H200-NVL-141GB"}
    assert len(names) == 10


def test_catalogue_takes_the_name_that_nvidia_smi_prints(
    shared_path: Callable[[str], Path],
) -> None:
    lines = shared_path("data/h100/nvidia-smi.csv").read_text("utf-8").splitlines()
    assert CATALOGUE.find(lines[1].split(",")[1]).id == "nvidia-h100-sxm5"


def test_catalogue_agrees_with_epoch_on_every_name_it_took_from_there(
    shared_path: Callable[[str], Path],
) -> None:
    path = shared_path("data/epoch/ml_hardware_2025-12-14.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = {row["Hardware name"]: row for row in csv.DictReader(file)}
    known = {name: CATALOGUE.names[name] for name in rows if name in CATALOGUE.names}
    assert len(known) > 35
    for name, device in known.items():
        stated = rows[name]["Tensor-FP16/BF16 performance (FLOP/s)"]
        rates = {device.peak("bf16"), device.peak("fp16")} - {None}
        # Epoch rounds, and carries a later brief for both Gaudi parts.
        if stated and rates and not name.startswith("Intel"):
            assert any(abs(float(stated) / rate - 1) < 0.01 for rate in rates if rate), name


def test_catalogue_gives_the_total_processing_performance_of_every_part() -> None:
    found = {name: device.tpp for name, device in CATALOGUE.devices.items()}
    assert found == {
        name: None if tpp == "-" else Fraction(tpp) for name, tpp in EXPECTED_TPP.items()
    }


@pytest.mark.parametrize(
    ("device", "binding", "tpp"),
    [
        ("nvidia-h100-sxm5", {"fp8", "int8"}, "15832"),
        ("nvidia-gb300", {"fp4"}, "60000"),
        ("amd-mi355x", {"fp6"}, "60397.8"),
        ("amd-mi210", {"fp64"}, "2899.2"),
        ("intel-gaudi3", {"bf16"}, "29360"),
        ("google-tpu-v4", {"bf16"}, "4400"),
    ],
)
def test_device_tpp_is_the_highest_over_bit_lengths(
    device: str, binding: set[str], tpp: str
) -> None:
    found = CATALOGUE.devices[device]
    assert found.tpp == Fraction(tpp)
    assert binding <= set(found.binding)


def test_device_tpp_per_bit_length_is_exact() -> None:
    assert H100.tpp_by_bits() == {
        64: Fraction("4281.6"),
        32: Fraction("2140.8"),
        16: Fraction("15830.4"),
        8: Fraction(15832),
    }


def test_device_tpp_leaves_tf32_to_a_stated_reading() -> None:
    trainium = CATALOGUE.devices["aws-trainium2"]
    assert trainium.tpp == 10_672
    assert trainium.tpp_with_tf32(32) == 21_344
    assert trainium.tpp_with_tf32(19) == Fraction(667 * 19)


def test_device_performance_density_is_not_rounded() -> None:
    a10 = CATALOGUE.devices["nvidia-a10"]
    assert a10.performance_density == Fraction(2000, 628)
    assert a10.performance_density < Fraction("3.2")


def test_device_peaks_are_dense_and_sparse_stands_apart() -> None:
    assert H100.peak("bf16") == 989_400_000_000_000
    assert H100.peak("fp8") == 1_979_000_000_000_000
    assert H100.peak("bf16", "structured") == 1_978_800_000_000_000
    assert H100.peak("bf16", "unknown") is None
    assert H100.peak("fp4") is None
    assert H100.peak("unknown") is None


def test_device_sparse_factor_is_the_exact_ratio_of_two_rates() -> None:
    assert CATALOGUE.devices["nvidia-b300"].peak("fp4", "structured") == 18_000 * 10**12
    assert CATALOGUE.devices["aws-trainium2"].peak("bf16", "structured") == 2_563 * 10**12
    assert CATALOGUE.devices["amd-mi355x"].peak("fp4", "structured") is None  # no sparse mode
    assert H100.sparse_over_dense("fp64_matrix") is None  # nobody states one


def test_device_without_published_rates_has_none() -> None:
    for name in ("cerebras-wse3", "amd-mi308x"):
        device = CATALOGUE.devices[name]
        assert device.tpp is None
        assert device.performance_density is None
        assert all(device.peak(precision) is None for precision in FORMATS)


def test_device_every_figure_has_a_source_and_a_status() -> None:
    def figures(device: Device) -> set[str]:
        groups = {"memory", *device.dense}
        groups |= {"die"} if device.die_mm2 is not None else set()
        groups |= {"scale_up"} if device.scale_up_gb_per_s is not None else set()
        out = device.fabric.typical_scale_out_gbit_per_s
        groups |= {"scale_out"} if out is not None else set()
        return groups | ({"released"} if device.released is not None else set())

    for device in CATALOGUE.devices.values():
        for figure in figures(device):
            source = device.provenance(figure)
            assert source is not None, f"{device.id} {figure}"
            assert source.cite


def test_device_a_single_figure_overrides_its_group() -> None:
    matrix, other = H100.provenance("fp64_matrix"), H100.provenance("fp8_matrix")
    assert matrix is not None
    assert other is not None
    assert (matrix.status, other.status) == ("from_memory", "verified")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bf16_matrix: 312 TFLOP/s", "bf16_matrix: 312", "no known unit"),
        ("bf16_matrix: 312 TFLOP/s", "bf16_matrix: 3.12e14 OP/s", "not an exact number"),
        ("bf16_matrix: 312 TFLOP/s", "bf16_matrix: 312 GB/s", "not operation_rate"),
        ("bf16_matrix: 312 TFLOP/s", "bf15_matrix: 312 TFLOP/s", "'bf15_matrix' is unknown"),
        ("status: verified, ref: epoch", "status: sure, ref: epoch", "status is 'sure'"),
        ("status: verified, ref: epoch", "status: verified, ref: nobody", "ref is 'nobody'"),
        ("name: NVIDIA H20, ref", "name: NVIDIA H200, ref", "'NVIDIA H200' is taken"),
        ("id: nvidia-h20\n", "id: nvidia-h200-sxm\n", "'nvidia-h200-sxm' is taken"),
        ("- name: TPU v3\n", "- name: TPU v4\n", "is a device of its own"),
        ("fp4_matrix: 9/7", "fp4_matrix: 1/11", "not a whole number of operations"),
        ("    vendor: NVIDIA\n", "", "'vendor' is missing"),
    ],
)
def test_catalogue_refuses_a_file_that_cannot_stand(old: str, new: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        Catalogue.from_pack(pack_of(accelerators=text_with(old, new)))
    assert message in str(caught.value)
    assert "accelerators" in caught.value.where


def test_catalogue_digest_follows_every_figure() -> None:
    changed = Catalogue.from_pack(
        pack_of(accelerators=text_with("bf16_matrix: 989.4 TFLOP/s", "bf16_matrix: 989.5 TFLOP/s"))
    )
    assert changed.digest != CATALOGUE.digest
    assert Catalogue.from_pack(pack_of()).digest == CATALOGUE.digest


def test_hardware_list_and_show_speak_of_status(flopledger: Callable[..., Any]) -> None:
    listed = flopledger("hardware", "list")
    assert listed.code == 0
    assert "nvidia-l40s" in listed.out
    assert "from memory" in listed.out
    shown = flopledger("hardware", "show", "NVIDIA H100 80GB HBM3", "-f", "json")
    document = json.loads(shown.out)
    assert document["dense_operations_per_s"]["bf16_matrix"] == "989400000000000"
    assert document["tpp_by_bits"]["16"] == "79152/5"
    assert document["sources"]["fp64_matrix"]["status"] == "from_memory"


def test_hardware_show_refuses_an_ambiguous_name(flopledger: Callable[..., Any]) -> None:
    shown = flopledger("hardware", "show", "H100")
    assert shown.code == 2
    assert "fits 3 devices" in shown.err
    assert shown.out == ""
