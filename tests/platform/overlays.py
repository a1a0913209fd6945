"""Everything under ``platform/`` that kustomize renders, as the cluster would get it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

PLATFORM = Path(__file__).parents[2] / "platform"
Object = dict[str, Any]


def overlays() -> list[str]:
    """Folders that are rendered by themselves, relative to ``platform/``: neither components nor bases."""
    found = {path.parent: read(path)[0] for path in PLATFORM.rglob("kustomization.yaml")}
    included = {
        (folder / name).resolve() for folder, each in found.items() for name in each.get("resources", [])
    }
    return sorted(
        folder.relative_to(PLATFORM).as_posix()
        for folder, each in found.items()
        if each["kind"] == "Kustomization" and (folder not in included or folder.name in ("dev", "prod"))
    )


@functools.cache
def rendered(overlay: str) -> tuple[Object, ...]:
    """The objects of one overlay. AssertionError with kustomize's words when it does not render."""
    command = [shutil.which("kubectl") or "kubectl", "kustomize", str(PLATFORM / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(each for each in yaml.safe_load_all(done.stdout) if each)


def with_component(overlay: str, component: str, folder: Path) -> tuple[Object, ...]:
    """The objects of an overlay with one more component, from a copy of the platform in ``folder``."""
    copy = folder / "platform"
    shutil.copytree(PLATFORM, copy, ignore=shutil.ignore_patterns("terraform"))
    path = copy / overlay / "kustomization.yaml"
    body = read(path)[0]
    relative = os.path.relpath(copy / component, path.parent)
    body["components"] = [*body.get("components", []), relative]
    path.write_text(yaml.safe_dump(body))
    command = [shutil.which("kubectl") or "kubectl", "kustomize", str(path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(each for each in yaml.safe_load_all(done.stdout) if each)


def read(path: Path) -> list[Object]:
    """The documents of one file."""
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def one(overlay: str, kind: str, name: str) -> Object:
    """The only object of that kind and name; generated names count without their hash."""
    found = [
        each
        for each in rendered(overlay)
        if each["kind"] == kind
        and (each["metadata"]["name"] == name or each["metadata"]["name"].startswith(f"{name}-"))
    ]
    assert len(found) == 1, (overlay, kind, name, [each["metadata"]["name"] for each in found])
    return found[0]


def strings(value: Any) -> list[str]:
    """Every text in a value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return []
