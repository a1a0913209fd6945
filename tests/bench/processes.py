"""What whole commands cost: CPU seconds and peak memory, in rounds that take turns so that noise hits all alike."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Command:
    """One program to time. ``before`` is called ahead of every run and is not counted."""

    name: str
    arguments: Sequence[str | Path]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None


class Cost(NamedTuple):
    """The median of some runs."""

    cpu: float
    """User and system seconds, children included."""
    wall: float
    megabytes: float
    """Peak resident memory of the largest process."""


def once(command: Command) -> Cost:
    """Run it, and give what it cost. Output goes nowhere; the exit code is the command's own business."""
    command.before()
    begun = os.times().elapsed
    with subprocess.Popen(
        [str(each) for each in command.arguments],
        cwd=command.folder,
        env={**_environment(), **command.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    wall = os.times().elapsed - begun
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def _environment() -> dict[str, str]:
    """This one's, but Python may keep what it compiles: pip does that once, when a program is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(commands: Sequence[Command], rounds: int) -> dict[str, Cost]:
    """The medians of :func:`runs` by name."""
    return {
        name: Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))
        for name, costs in runs(commands, rounds).items()
    }


def runs(commands: Sequence[Command], rounds: int) -> dict[str, list[Cost]]:
    """Every run by name, after one round that warms the disk's cache and is thrown away."""
    for command in commands:
        once(command)
    found: dict[str, list[Cost]] = {command.name: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            found[command.name].append(once(command))
    return found
