"""What a GPU did with its time, and where every billed GPU-second of a node went.

A GPU's state comes from the best signal that it has, in this order, for each moment: the tensor or streaming
multiprocessors were active; the graphics engine was; the driver's utilisation was above noise; the power was above
idling. Time-slicing attributes a GPU to one pod of several: states are those of the device, by node and UUID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from auditor.usage.series import Window

Signal = Literal["tensor-or-sm", "graphics-engine", "utilisation", "power"]
SIGNALS: tuple[Signal, ...] = ("tensor-or-sm", "graphics-engine", "utilisation", "power")
"""Best first."""

Points = Mapping[int, float]

PHASES = ("provision", "load", "compute", "keep_warm", "drain", "empty")
"""provision: not ready, or no GPU offered yet · load: a GPU pod is there and not ready (pull, model) · compute ·
keep_warm: a ready GPU pod waits · drain: cordoned · empty: no GPU pod at all."""


class Device(NamedTuple):
    """One GPU: shares of time in compute by signal, and whether anything held it."""

    compute: Mapping[Signal, Points]
    held: Points
    """1 where memory is taken or a pod holds it, else 0."""


class States(NamedTuple):
    """Seconds by state, and which signals told it."""

    compute: float
    held: float
    free: float
    signals: tuple[Signal, ...]


class Node(NamedTuple):
    """What is known of a node, each as ``time → value``; times without a value are times without the node."""

    ready: Points
    offered: Points
    """GPUs that it offers to pods."""
    asked: Points
    """GPUs that its pods ask for."""
    served: Points
    """GPUs of its ready pods."""
    cordoned: Points


def compute_at(device: Device, at: int) -> tuple[float, Signal] | None:
    """The share of the step before ``at`` that a GPU computed, and by which signal; None without any."""
    for signal in SIGNALS:
        value = device.compute.get(signal, {}).get(at)
        if value is not None:
            return min(max(value, 0.0), 1.0), signal
    return None


def states(device: Device, window: Window) -> States:
    """Seconds of a GPU in each state; moments without a signal are in none."""
    compute = held = free = 0.0
    signals: set[Signal] = set()
    for at in window.times():
        found = compute_at(device, at)
        if found is None:
            continue
        share, signal = found
        signals.add(signal)
        compute += share * window.step
        idle = (1 - share) * window.step
        if share > 0 or device.held.get(at, 0.0) > 0:
            held += idle
        else:
            free += idle
    return States(compute, held, free, tuple(each for each in SIGNALS if each in signals))


def phases(
    node: Node, devices: Sequence[Device], gpus: int, created: float, window: Window
) -> dict[str, float]:
    """GPU-seconds of a node by phase. They sum to its life in the window times its GPUs.

    ``created`` is when the node came to be: the step in which it did counts from then on.
    """
    found = dict.fromkeys(PHASES, 0.0)
    for at in window.times():
        if at not in node.ready:
            continue
        seconds = min(float(window.step), max(at - created, 0.0))
        computing = sum(share for share, _ in filter(None, (compute_at(each, at) for each in devices)))
        for phase, share in _split(node, at, min(computing, gpus), gpus).items():
            found[phase] += share * seconds
    return found


def _split(node: Node, at: int, computing: float, gpus: int) -> dict[str, float]:
    """How the GPUs of a node divide among phases at one time; the sum is ``gpus``."""
    if node.ready[at] < 1 or (node.offered.get(at, 0.0) < 1 and not computing):
        return {"compute": computing, "provision": gpus - computing}
    warm = max(min(node.served.get(at, 0.0), gpus) - computing, 0.0)
    taken = max(computing, min(node.asked.get(at, 0.0), gpus))
    load = max(taken - computing - warm, 0.0)
    rest = gpus - computing - warm - load
    return {
        "compute": computing,
        "keep_warm": warm,
        "load": load,
        "drain" if node.cordoned.get(at, 0.0) > 0 else "empty": rest,
    }
