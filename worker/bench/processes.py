"""Run a command and say what it cost: wall and CPU seconds, memory, and how busy the GPU was."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.5


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one command, with everything that it started."""

    wall: float
    cpu: float
    peak_bytes: int
    """Host memory of the whole process tree: proportional set sizes added up."""
    gpu_busy: float | None
    """Mean of nvidia-smi's utilisation, 0 to 1; None without a GPU."""
    gpu_peak_bytes: int

    def __add__(self, other: Cost) -> Cost:
        """Two commands one after the other."""
        wall = self.wall + other.wall
        busy = None
        if self.gpu_busy is not None and other.gpu_busy is not None:
            busy = (self.gpu_busy * self.wall + other.gpu_busy * other.wall) / wall
        peak, gpu_peak = (
            max(self.peak_bytes, other.peak_bytes),
            max(self.gpu_peak_bytes, other.gpu_peak_bytes),
        )
        return Cost(wall, self.cpu + other.cpu, peak, busy, gpu_peak)


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
    """Run to the end; its output goes to ``log``. RuntimeError with the output's end when it fails."""
    before = os.times()
    started = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=subprocess.STDOUT)
        sampler = _Sampler(process.pid)
        code = process.wait()
    wall = time.perf_counter() - started
    after = os.times()
    sampler.stop()
    if code != 0:
        tail = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{command[0]} ended with {code}:\n{tail}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, cpu - sampler.own_cpu, sampler.peak_bytes, sampler.gpu_busy, sampler.gpu_peak_bytes)


class _Sampler:
    """Looks at a process tree and the GPU twice a second, in a thread."""

    def __init__(self, root: int) -> None:
        self.peak_bytes = self.gpu_peak_bytes = 0
        self.own_cpu = 0.0
        self._root = root
        self._gpu: list[float] = []
        self._has_gpu = shutil.which("nvidia-smi") is not None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def gpu_busy(self) -> float | None:
        return sum(self._gpu) / len(self._gpu) if self._gpu else None

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_INTERVAL):
            self.peak_bytes = max(self.peak_bytes, _tree_bytes(self._root))
            if self._has_gpu:
                self._look_at_gpu()

    def _look_at_gpu(self) -> None:
        """nvidia-smi's own CPU seconds are a child's of this process too: counted, to be taken off."""
        before = os.times()
        query = [
            "nvidia-smi",
            "--query-gpu=utilization.gpu,memory.used",
            "--format=csv,noheader,nounits",
            "-i",
            "0",
        ]
        answer = subprocess.run(query, capture_output=True, text=True, check=False)
        after = os.times()
        self.own_cpu += (
            after.children_user + after.children_system - before.children_user - before.children_system
        )
        if answer.returncode == 0:
            busy, used = answer.stdout.strip().splitlines()[0].split(",")
            self._gpu.append(float(busy) / 100)
            self.gpu_peak_bytes = max(self.gpu_peak_bytes, int(used) << 20)


def _tree_bytes(root: int) -> int:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            parent = _parent(folder)
            children.setdefault(parent, []).append(int(folder.name))
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += _proportional_bytes(pid)
        waiting += children.get(pid, [])
    return total


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return -1


def _proportional_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)
