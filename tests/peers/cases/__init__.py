"""Generated cases: small, deterministic, one Kubernetes object or one Terraform root each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.peers.cases import access, images, objects, permissions, terraform, workloads
from tests.peers.cases.manifest import text


def manifests() -> Iterator[tuple[str, str]]:
    """``(file name, YAML)`` of every generated Kubernetes object."""
    for topic, bodies in (
        ("workload", workloads.bodies()),
        ("object", objects.bodies()),
        ("access", access.bodies()),
    ):
        for number, body in enumerate(bodies):
            yield f"{topic}-{number:04d}.yaml", text(body, f"{topic}-{number:04d}")


def roots() -> Iterator[tuple[str, str]]:
    """``(file name, HCL)`` of every generated Terraform root."""
    for number, code in enumerate(chain(terraform.roots(), permissions.roots())):
        yield f"root-{number:04d}/main.tf", code
    yield ".hidden/terraform/main.tf", terraform.HIDDEN


def dockerfiles() -> Iterator[tuple[str, str]]:
    """``(file name, content)`` of every generated Dockerfile."""
    for number, content in enumerate(images.dockerfiles()):
        yield f"image-{number:04d}/Dockerfile", content


def write(cases: Iterator[tuple[str, str]], folder: Path) -> list[str]:
    """Write cases below ``folder``; their names, sorted."""
    names = []
    for name, content in cases:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        names.append(name)
    return sorted(names)
