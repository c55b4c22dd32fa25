"""Volumes: exports of any size for tests, written as a stream, and the same at each run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

SACCT: Final = (
    "JobID|JobIDRaw|Cluster|Partition|Account|User|Submit|Start|End|ElapsedRaw|Suspended|State|"
    "AllocTRES|JobName"
)
SACCT_MAP: Final = """\
schema: map/1
source: slurm
settings: { zone: UTC }
rows:
  - where: { account: [llm-*] }
    give: { model: "{account}", developer: acme, activity: pretrain, precision: bf16,
            sparsity: dense, operation_kind: float, run: "{account}/{jobname}-{jobid}" }
devices:
  - where: { type: [h100] }
    give: { device: nvidia-h100-sxm5, scale_up_gb_per_s: 900, scale_up_domain: 8 }
  - where: { type: [a100] }
    give: { device: nvidia-a100-40gb }
"""
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_EPOCH_S: Final = 1_767_225_600
_STATES: Final = ("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "CANCELLED by 1001", "TIMEOUT")
_STEP_S: Final = 30

Lines = Iterator[str]


def write(path: Path, lines: Lines, size: int | None = None) -> int:
    """Write lines until there are no more, or so many bytes; return how many bytes there are."""
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        while size is None or written < size:
            block = "".join(islice(lines, 1000))
            if not block:
                break
            written += file.write(block)
    return written


def sacct(rows: int) -> Lines:
    """Yield an export of so many rows: of twenty, thirteen jobs with devices, steps among them."""
    yield SACCT + "\n"
    for number in range(rows):
        yield _job(number) + "\n"


def sacct_jobs(rows: int) -> int:
    """Return how many rows of an export hold devices."""
    return sum(_kind(number) == "held" for number in range(rows))


def _kind(number: int) -> str:
    """Return what a row is about."""
    place = number % 20
    if place < 13:
        return "held"
    return "plain" if place < 16 else "step" if place < 19 else "waiting"


def _job(number: int) -> str:
    """Return one row."""
    kind = _kind(number)
    held, account = 1 << number % 7, f"llm-{number % 37}"
    start = _START + timedelta(seconds=37 * number % 31_000_000 + number % 11)
    seconds = 600 + number * 7919 % 9000
    end = start + timedelta(seconds=seconds)
    name = f"{number // 3}_{number % 3}" if number % 5 == 0 else str(number)
    tres = f"billing={held},cpu={12 * held},mem={250 * held}G,node={-(-held // 8)}"
    if kind == "held":
        word = "a100" if number % 4 == 0 else "h100"
        tres = f"{tres},gres/gpu={held},gres/gpu:{word}={held}"
    cells = (
        name + (".batch" if kind == "step" else ""),
        str(number),
        "c1",
        "gpu" if kind == "held" else "cpu",
        account,
        f"user{number % 211}",
        f"{start - timedelta(seconds=90):%Y-%m-%dT%H:%M:%S}",
        "Unknown" if kind == "waiting" else f"{start:%Y-%m-%dT%H:%M:%S}",
        "Unknown" if kind == "waiting" else f"{end:%Y-%m-%dT%H:%M:%S}",
        "0" if kind == "waiting" else str(seconds),
        "00:00:00",
        "PENDING" if kind == "waiting" else _STATES[number % 6],
        "" if kind == "waiting" else tres,
        f"train-{number % 997}",
    )
    return "|".join(cells)


def _device(number: int) -> dict[str, str]:
    """Return the labels of a device as the exporter of DCGM writes them."""
    return {
        "gpu": str(number % 8),
        "UUID": f"GPU-{number:08x}-5f3c-11ef-9d1a-0242ac120002",
        "device": f"nvidia{number % 8}",
        "modelName": "NVIDIA H100 80GB HBM3",
        "Hostname": f"node-{number // 8:05d}",
        "container": "trainer",
        "namespace": f"team-{number % 13}",
        "pod": f"job-{number // 64}-worker-{number // 8 % 8}",
    }


def _share(number: int, step: int) -> str:
    """Return how busy a device is, with the digits that an exporter prints."""
    return f"0.{(number * 31 + step * 7919) % 1_000_000:06d}"


def _has_gap(number: int, step: int) -> bool:
    """Return whether a sample is missing: once in a while several steps of a device are."""
    return (step + number) % 997 < 4


def range_query(size: int, days: int = 7, step_s: int = _STEP_S) -> Lines:
    """Yield the answer to a range query of about so many bytes, one series behind the other.

    A series is a figure of a device over so many days.
    """
    yield '{"status":"success","data":{"resultType":"matrix","result":['
    written = 0
    steps = days * 86_400 // step_s
    for number in count():
        labels = _device(number)
        for metric in ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"):
            text = json.dumps({"__name__": metric, **labels}, separators=(",", ":"))
            head = f'{{"metric":{text},"values":['
            yield ("," if written else "") + head
            written += len(head)
            between = ""
            for step in range(steps):
                if _has_gap(number, step):
                    continue
                pair = f'{between}[{_EPOCH_S + step * step_s},"{_share(number, step)}"]'
                between = ","
                written += len(pair)
                yield pair
                if written >= size:
                    yield "]}]}}\n"
                    return
            yield "]}"


def exposition(devices: int = 512, step_s: int = _STEP_S) -> Lines:
    """Yield samples as OpenMetrics text without end, all devices at each instant."""
    yield "# HELP DCGM_FI_PROF_GR_ENGINE_ACTIVE Ratio of time the graphics engine is active.\n"
    yield "# TYPE DCGM_FI_PROF_GR_ENGINE_ACTIVE gauge\n"
    texts = [
        ",".join(f'{name}="{text}"' for name, text in _device(number).items())
        for number in range(devices)
    ]
    for step in count():
        at = (_EPOCH_S + step * step_s) * 1000
        for number, text in enumerate(texts):
            if not _has_gap(number, step):
                share = _share(number, step)
                yield f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{text}}} {share} {at}\n"


def duty_cycles(containers: int = 143, step_s: int = 57) -> Lines:
    """Yield a table of duty cycles without end, all containers at each instant."""
    yield "value,timestamp,container_ip\n"
    names = [f"{number * 2654435761 % 2**32:08x}{number:024x}" for number in range(containers)]
    for step in count():
        for number, name in enumerate(names):
            if not _has_gap(number, step):
                yield f"{(number + step) % 101}.0,{_EPOCH_S + step_s * step}.0,{name}\n"


def counters(devices: int = 8, step_s: int = 1) -> Lines:
    """Yield what NVML says of the devices of one run, without end, all at each instant."""
    yield (
        "timestamp_utc,run_id,gpu_uuid,gpu_name,power_w,sm_clock_mhz,gpu_util_pct,mem_used_mib,"
        "gpm_any_tensor_util,gpm_dram_bw_util,gpm_graphics_util,gpm_sm_util\n"
    )
    for step in count():
        at = _START + timedelta(seconds=step * step_s)
        for number in range(devices):
            if not _has_gap(number, step):
                busy = f"{(number * 31 + step * 7919) % 1_000_000 / 10_000:.4f}"
                yield (
                    f"{at:%Y-%m-%dT%H:%M:%SZ},pretrain-a,GPU-{number:08x},NVIDIA H100 80GB HBM3,"
                    f"650.8,{1830 + step % 3 * 75},100,50092,{busy},45.8610,96.7759,89.2864\n"
                )


FOCUS: Final = (
    "ProviderName,BillingAccountId,SubAccountId,ResourceId,RegionId,ChargeCategory,ChargeClass,"
    "ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,SkuId,SkuPriceId,"
    "SkuPriceDetails,ChargeDescription,BilledCost,Tags"
)


def bill(rows: int) -> Lines:
    """Yield a FOCUS bill of so many rows: hours of instances, one in fifty corrected."""
    yield FOCUS + "\n"
    for number in range(rows):
        whole = number - number % 50
        machine = whole % 800 if number % 50 == 49 else number % 800
        at = whole if number % 50 == 49 else number
        start = _START + timedelta(hours=at // 800)
        end = start + timedelta(hours=1)
        corrects = number % 50 == 49
        kind = "m7i.4xlarge" if machine % 2 else "p5.48xlarge"
        details = f'"{{""InstanceType"": ""{kind}""}}"'
        yield (
            f"AWS,123456789012,{machine % 37:012d},i-{machine:017x},us-east-1,Usage,"
            f"{'Correction' if corrects else 'NULL'},{start:%Y-%m-%d %H:%M:%S},"
            f"{end:%Y-%m-%d %H:%M:%S},{'-0.25' if corrects else '1.000000'},Hours,SKU{machine % 9},"
            f'SKU{machine % 9}.PRICE,{details},"$98.32 per On Demand Linux {kind} Instance Hour",'
            f'98.32000000000,"{{""team"": ""t{machine % 13}""}}"\n'
        )


def _listed(kind: str, objects: Iterator[dict[str, Any]]) -> Lines:
    """Yield a list of the API as `kubectl get -o json` writes it."""
    yield f'{{"apiVersion":"v1","kind":"{kind}","items":['
    between = ""
    for one in objects:
        yield between + json.dumps(one, indent=1)
        between = ","
    yield "]}\n"


def pods(number: int) -> Lines:
    """Yield a list of so many pods on eight devices each, and the nodes that they ran on."""
    return _listed("List", (_pod(n) if n % 100 else _node(n // 100) for n in range(number)))


def workloads(number: int) -> Lines:
    """Yield a list of so many workloads of Kueue."""
    return _listed("WorkloadList", map(_workload, range(number)))


def _time(number: int, seconds: int = 0) -> str:
    """Return the time of an object, in the order of the list."""
    return f"{_START + timedelta(seconds=11 * number + seconds):%Y-%m-%dT%H:%M:%SZ}"


def _node(number: int) -> dict[str, Any]:
    """Return a node."""
    labels = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "zone": "a"}
    return {"kind": "Node", "metadata": {"name": f"node-{number}", "labels": labels}}


def _pod(number: int) -> dict[str, Any]:
    """Return a pod that has ended."""
    start, end = _time(number), _time(number, 3600 + number % 3600)
    resources = {"limits": {"nvidia.com/gpu": "8"}, "requests": {"cpu": "96", "memory": "1Ti"}}
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": start, "finishedAt": end}
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"train-{number}",
            "namespace": f"team-{number % 13}",
            "uid": f"{number:08x}-0000-4000-8000-000000000000",
            "labels": {"app": "train", "training.kubeflow.org/job-name": f"train-{number // 8}"},
        },
        "spec": {
            "nodeName": f"node-{number // 100}",
            "containers": [{"name": "main", "image": "trainer", "resources": resources}],
        },
        "status": {
            "phase": "Succeeded",
            "startTime": start,
            "containerStatuses": [
                {"name": "main", "restartCount": 0, "state": {"terminated": ended}}
            ],
        },
    }


def _workload(number: int) -> dict[str, Any]:
    """Return a workload that was admitted and has finished."""
    since, end = _time(number), _time(number, 3600 + number % 3600)
    flavours = {"count": 2, "name": "main", "flavors": {"nvidia.com/gpu": "h100"}}
    usage = {**flavours, "resourceUsage": {"cpu": "8", "nvidia.com/gpu": "16"}}
    return {
        "apiVersion": "kueue.x-k8s.io/v1beta1",
        "kind": "Workload",
        "metadata": {
            "name": f"job-{number}",
            "namespace": f"team-{number % 13}",
            "uid": f"{number:08x}-0000-4000-8000-000000000001",
        },
        "spec": {"queueName": "q", "podSets": [{"name": "main", "count": 2}]},
        "status": {
            "admission": {"clusterQueue": "cq", "podSetAssignments": [usage]},
            "conditions": [
                {"type": "Admitted", "status": "True", "lastTransitionTime": since},
                {"type": "Finished", "status": "True", "lastTransitionTime": end},
            ],
        },
    }


VOLUMES: Final[dict[str, Callable[[int], Lines]]] = {
    "slurm": sacct,
    "focus": bill,
    "kubernetes": pods,
    "kueue": workloads,
}
"""By source: exports of so many rows or objects."""
