"""Devices of Kubernetes: what of a pod is a device, of which type, and how much of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pods import (
    GPU,
    H100,
    HOUR,
    bodies,
    codes,
    container,
    held,
    node,
    pod,
    read,
    written,
)

from ledger.errors import InputError
from ledger.importers.kube_devices import Resources


def test_nodes_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    beside = written(tmp_path, node(), name="nodes.json")
    path = written(tmp_path, pod())
    assert [b["device"] for b in bodies(read(path, nodes=str(beside)))] == ["nvidia-h100-sxm5"]
    alone = read(path)
    assert [b["device"] for b in bodies(alone)] == [None]
    assert codes(alone) == ["unmapped-device"]
    assert "no pods" in read(beside).problems[0].message


def test_a_selector_of_the_pod_tells_the_type_where_the_node_is_gone(tmp_path: Path) -> None:
    chosen = pod(spec={"nodeSelector": {"nvidia.com/gpu.product": H100}})
    assert [b["device"] for b in bodies(read(written(tmp_path, chosen)))] == ["nvidia-h100-sxm5"]


@pytest.mark.parametrize(
    ("containers", "initial", "count"),
    [
        ([8], [], 8),
        ([2, 3], [], 5),
        ([2], [(8, False)], 8),
        ([4], [(2, False), (3, False)], 4),
        ([4], [(1, True)], 5),
        ([4], [(1, True), (4, False)], 5),
        ([4], [(4, False), (1, True)], 5),
        ([2], [(1, True), (4, False), (1, True)], 5),
        ([0], [(3, False)], 3),
        ([1], [(1, True), (2, True)], 4),
    ],
)
def test_initial_containers_count_their_maximum_and_sidecars_add(
    containers: list[int], initial: list[tuple[int, bool]], count: int
) -> None:
    spec = {
        "containers": [container(f"c{n}", gpus) for n, gpus in enumerate(containers)],
        "initContainers": [
            container(f"i{n}", gpus, **({"restartPolicy": "Always"} if side else {}))
            for n, (gpus, side) in enumerate(initial)
        ],
    }
    (units,) = Resources().of_pod(spec, {})
    assert (units.count, units.milli) == (count, 1000)


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ({"amd.com/gpu": "8"}, [("", 8, 1000)]),
        ({"google.com/tpu": 4}, [("", 4, 1000)]),
        ({"aws.amazon.com/neuron": "16"}, [("", 16, 1000)]),
        ({"aws.amazon.com/neuroncore": "2"}, [("", 2, None)]),
        ({"nvidia.com/mig-1g.10gb": "2"}, [("mig-1g.10gb", 2, None)]),
        ({"nvidia.com/gpu.shared": "1"}, [("", 1, None)]),
        ({GPU: "1", "nvidia.com/gpucores": "25"}, [("", 1, 250)]),
        ({GPU: "2", "nvidia.com/gpumem": "3000"}, [("", 2, None)]),
        ({GPU: "1", "nvidia.com/gpucores": "0"}, [("", 1, 1000)]),
        ({GPU: "0"}, []),
        ({"cpu": "8", "memory": "1Gi", "hugepages-2Mi": "4Mi"}, []),
    ],
)
def test_every_kind_of_device_is_known(
    amounts: dict[str, Any], found: list[tuple[str, int, int | None]]
) -> None:
    spec = {"containers": [{"name": "main", "resources": {"limits": amounts}}]}
    units = Resources().of_pod(spec, {})
    assert [(u.type, u.count, u.milli) for u in units] == found


@pytest.mark.parametrize("product", [f"{H100}-SHARED", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"])
def test_a_turn_at_a_device_is_not_a_device(product: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, pod(), node(product=product)))
    (body,) = bodies(reading)
    assert (body["milli_devices"], body["device_us"]) == (None, None)
    assert codes(reading) == ["unmapped-device"]
    assert "is a part of a device" in reading.problems[0].message


def test_a_slice_is_as_much_of_a_device_as_the_map_says(tmp_path: Path) -> None:
    spec = {"containers": [{"name": "m", "resources": {"limits": {"nvidia.com/mig-1g.10gb": 2}}}]}
    (body,) = bodies(read(written(tmp_path, pod(spec=spec), node(product="NVIDIA-A100-SXM4-80GB"))))
    assert (body["device"], body["milli_devices"]) == ("nvidia-a100-80gb", 286)


def test_shares_are_exact_thousandths(tmp_path: Path) -> None:
    amounts = {GPU: "1", "nvidia.com/gpucores": "33"}
    spec = {"containers": [{"name": "m", "resources": {"limits": amounts}}]}
    (body,) = bodies(read(written(tmp_path, pod(spec=spec), node())))
    assert (body["milli_devices"], int(body["device_us"])) == (330, 2 * 330 * HOUR // 1000)


def test_a_resource_that_nobody_knows_is_never_passed_over(tmp_path: Path) -> None:
    spec = {"containers": [{"name": "m", "resources": {"limits": {"example.com/npu": "4"}}}]}
    path = written(tmp_path, pod(spec=spec), pod("u-2", spec=spec))
    reading = read(path)
    assert bodies(reading) == []
    assert codes(reading) == ["unknown-resource"]
    assert "2 times example.com/npu is held" in reading.problems[0].message
    assert held(read(path, resources="example.com/npu")) == 2 * 8 * HOUR
    with pytest.raises(InputError, match="is no name of a resource"):
        read(path, resources="n p u")


def test_resource_claims_are_told_and_not_read(tmp_path: Path) -> None:
    claims = [{"name": "gpu", "resourceClaimName": "c"}]
    only = pod(spec={"containers": [container(gpus=0)], "resourceClaims": claims})
    both = pod("u-2", spec={"resourceClaims": claims})
    reading = read(written(tmp_path, only, both, node()))
    assert held(reading) == 16 * HOUR
    assert codes(reading) == ["resource-claims"]
    assert "2 pods name resource claims" in reading.problems[0].message
