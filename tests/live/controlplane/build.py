"""Builds the programs of the control plane from their Go modules, once, into the user's cache.

Each module is a folder under ``go/`` with its go.mod and go.sum: the versions are pinned there and nowhere else.
What is built lies in ``controlplane/<digest of these files>/<module>/`` of the cache, so a changed pin is a new
build and an old one is never mistaken for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.install import CACHE

SOURCES = Path(__file__).parent / "go"
HOME = CACHE / "controlplane"
PINNED_FILES = ("go.mod", "go.sum", "main.go")
FLAGS = ("-trimpath", "-buildvcs=false")
REPORT_EVERY_S = 15.0
OWN = "."
PACKAGES: dict[str, dict[str, str]] = {
    "kube": {"kube": OWN},
    "kwok": {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    "keda": {
        "keda-operator": "github.com/kedacore/keda/v2/cmd/operator",
        "keda-adapter": "github.com/kedacore/keda/v2/cmd/adapter",
    },
    "karpenter": {"karpenter": "sigs.k8s.io/karpenter/kwok"},
    "argocd": {"argocd": OWN},
}
"""Module → program → the package that it is built from."""
OTHER_NAMES = {"kube": ("kubectl", "kustomize")}
"""Module → names that its one program also answers to."""


@dataclass(frozen=True, slots=True)
class Built:
    """What one module's build took; ``cpu_s`` is the work of every process of the build."""

    module: str
    wall_s: float
    cpu_s: float
    bytes: int


def folder_of(module: str) -> Path:
    """Where the programs of a module lie when they are built."""
    digest = hashlib.sha256()
    for name in PINNED_FILES:
        path = SOURCES / module / name
        digest.update(path.read_bytes() if path.exists() else b"")
    digest.update(_stamp(module).encode())
    return HOME / digest.hexdigest()[:16] / module


def ensure(module: str) -> Path:
    """The folder with a module's programs, built first where they are missing.

    Waits for a build that another process is at. Raises SystemExit with what to do where Go is missing, and
    CalledProcessError where the compiler fails (its own words are on standard error).
    """
    folder = folder_of(module)
    if not folder.exists():
        with _lock(module):
            if not folder.exists():
                _build(module, folder)
    return folder


def program(name: str) -> Path:
    """The path of one program, built first where it is missing."""
    names = {module: (*programs, *OTHER_NAMES.get(module, ())) for module, programs in PACKAGES.items()}
    module = next(module for module in names if name in names[module])
    return ensure(module) / name


def record_of(module: str) -> Built:
    """What the build of a module took when it was made."""
    return Built(**json.loads((ensure(module) / "build.json").read_text()))


def pinned(module: str, dependency: str) -> str:
    """The version that a module's go.mod has of one of its dependencies."""
    text = (SOURCES / module / "go.mod").read_text()
    found = re.search(rf"^(?:\t|require ){re.escape(dependency)} (v\S+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"go/{module}/go.mod does not require {dependency}")
    return found[1]


def _stamp(module: str) -> str:
    """Linker flags that tell Kubernetes its version, as its own build does; clients and policies ask for it."""
    if module != "kube":
        return ""
    version = pinned(module, "k8s.io/kubernetes")
    major, minor = version.lstrip("v").split(".")[:2]
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())


@contextmanager
def _lock(module: str) -> Iterator[None]:
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f".{module}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(module: str, folder: Path) -> None:
    if shutil.which("go") is None:
        raise SystemExit(
            f"{module} is built from its Go module: install Go 1.26.4 or newer (https://go.dev/dl)"
        )
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    started, cpu = time.monotonic(), _children_cpu_s()
    _say(module, "building; the first time takes minutes")
    for name, package in PACKAGES[module].items():
        _compile(module, package, unfinished / name, started)
    for name in OTHER_NAMES.get(module, ()):
        (unfinished / name).symlink_to(module)
    size = sum(path.lstat().st_size for path in unfinished.iterdir())
    built = Built(module, round(time.monotonic() - started, 1), round(_children_cpu_s() - cpu, 1), size)
    (unfinished / "build.json").write_text(json.dumps(asdict(built)))
    unfinished.rename(folder)
    _say(module, f"built: {summary(built)}")


def _compile(module: str, package: str, output: Path, started: float) -> None:
    flags = [*FLAGS, f"-ldflags=-s -w {_stamp(module)}"]
    command = ["nice", "-n", "10", "go", "build", "-v", *flags, "-o", str(output), package]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    process = subprocess.Popen(
        command, cwd=SOURCES / module, env=environment, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stderr is not None
    lines: list[str] = []
    reported = time.monotonic()
    for line in process.stderr:
        lines.append(line)
        if time.monotonic() - reported > REPORT_EVERY_S:
            reported = time.monotonic()
            _say(module, f"{len(lines)} packages after {reported - started:.0f} s")
    if process.wait() != 0:
        sys.stderr.write("".join(lines[-40:]))
        raise subprocess.CalledProcessError(process.returncode, command)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summary(built: Built) -> str:
    """One line for people."""
    return f"{built.wall_s:.0f} s, {built.cpu_s:.0f} s of CPU, {built.bytes / 2**20:.0f} MiB"


def _say(module: str, what: str) -> None:
    print(f"controlplane/{module}: {what}", file=sys.stderr, flush=True)
