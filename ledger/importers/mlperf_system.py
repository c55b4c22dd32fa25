"""An MLPerf system description says which accelerators a run held, how many, and how joined.

Its figures are text typed by the submitter, often empty. A count must be there; of the fabric
only what can be read in one way is taken, and the rest stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import InputError

__all__ = ["ONCE", "System", "read_system"]

ONCE = frozenset({"accelerator_model_name", "accelerators_per_node", "number_of_nodes"})
"""Fields on which time held and device rest: one that is stated twice refuses the file."""

_COUNT = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
_SCALE_UP = re.compile(r"(?<![0-9.])([1-9][0-9]{1,4}) ?GB/s", re.ASCII)
_COMPUTE = re.compile(
    r"(?:^|, )Compute: ([1-9][0-9]?)x [^,]*?(?<![0-9.])([1-9][0-9]{1,3}) ?Gb/s(?=,|$)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class System:
    """The machines of one submission.

    Attributes:
        submitter: Who ran it.
        accelerator: Name of the accelerator as the submitter writes it.
        accelerators: How many, over all nodes.
        scale_up_gb_per_s: Stated bandwidth between accelerators, GB/s each, or None.
        scale_out_gbit_per_s: Stated bandwidth between nodes, Gbit/s an accelerator, or None.
    """

    submitter: str
    accelerator: str
    accelerators: int
    scale_up_gb_per_s: int | None
    scale_out_gbit_per_s: int | None


def read_system(description: Mapping[str, object]) -> System:
    """Read a system description.

    Args:
        description: The JSON object as it stands.

    Raises:
        InputError: The accelerator or a count is missing or not a plain number.
    """
    nodes = _count(description, "number_of_nodes")
    per_node = _count(description, "accelerators_per_node")
    accelerator = _text(description, "accelerator_model_name")
    if not accelerator:
        raise InputError(
            "accelerator_model_name is empty",
            why="without the device neither its peak nor its grade is known",
        )
    return System(
        submitter=_text(description, "submitter"),
        accelerator=accelerator,
        accelerators=nodes * per_node,
        scale_up_gb_per_s=_scale_up(_text(description, "accelerator_interconnect")),
        scale_out_gbit_per_s=_scale_out(_text(description, "host_networking"), per_node),
    )


def _scale_up(text: str) -> int | None:
    """Return the one bandwidth in GB/s that the text names, unless it is one for a whole node."""
    found = _SCALE_UP.findall(text)
    if len(found) != 1 or "aggregate" in text.lower():
        return None
    return int(found[0])


def _scale_out(text: str, per_node: int) -> int | None:
    """Return the rate of the compute network where each accelerator has one adapter to itself.

    Adapters that are not labelled as compute may be for storage, and a count that differs from
    the accelerators of a node may be shared or be for two nodes.
    """
    found = _COMPUTE.findall(text)
    if len(found) != 1 or int(found[0][0]) != per_node:
        return None
    return int(found[0][1])


def _text(description: Mapping[str, object], name: str) -> str:
    """Return a field as text, empty if it is not there."""
    value = description.get(name)
    return value.strip() if isinstance(value, str) else ""


def _count(description: Mapping[str, object], name: str) -> int:
    """Return a field that must be a whole number above 0."""
    value = description.get(name)
    text = str(value) if isinstance(value, int) else _text(description, name)
    if not _COUNT.fullmatch(text):
        raise InputError(
            f"{name} is {value!r}, not a whole number above 0",
            why="time held is devices times time",
            remedy="correct the system description",
        )
    return int(text)
