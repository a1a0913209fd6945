"""Custom resource definitions as their projects publish them in Go modules: none of them is copied here.

``crds.json`` records, for each project, the module, its version and the sha256 of every file that is read;
``load`` refuses a file that differs. ``python -m tests.live.controlplane.crds --record`` writes it anew after a
change of ``SOURCES``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.live.controlplane import build
from tests.live.controlplane.gomodules import module_folder
from tests.live.controlplane.manifests import Object, read

RECORD = Path(__file__).parent / "crds.json"


class Source(NamedTuple):
    """Where a project keeps its definitions: patterns of files in a module, or a kustomization to render."""

    module: str
    version: str
    files: tuple[str, ...]
    kustomization: str = ""


def _built(name: str, module: str, *files: str, kustomization: str = "") -> Source:
    """Definitions of the very version that is built here."""
    return Source(module, build.pinned(name, module), files, kustomization)


SOURCES = {
    # KEDA's files are not what it releases: its kustomization patches them first.
    "keda": _built("keda", "github.com/kedacore/keda/v2", "config/crd/**/*.yaml", kustomization="config/crd"),
    "argocd": _built("argocd", "github.com/argoproj/argo-cd/v3", "manifests/crds/*-crd.yaml"),
    "karpenter": _built("karpenter", "sigs.k8s.io/karpenter", "pkg/apis/crds/*.yaml"),
    "karpenter-kwok": _built("karpenter", "sigs.k8s.io/karpenter", "kwok/apis/crds/*.yaml"),
    "karpenter-aws": Source("github.com/aws/karpenter-provider-aws", "v1.14.1", ("pkg/apis/crds/*.yaml",)),
    "prometheus-operator": Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        ("example/prometheus-operator-crd/*.yaml",),
    ),
    "openreports": Source("github.com/openreports/reports-api", "v0.2.1", ("config/crd/*.yaml",)),
    "policyreport": Source("github.com/kyverno/kyverno", "v1.19.1", ("config/crds/policyreport/*.yaml",)),
}


class Changed(RuntimeError):
    """A module's files are not those that ``crds.json`` recorded."""


def load(name: str) -> list[Object]:
    """The definitions of one project. Raises Changed where its files are not the recorded ones."""
    source = SOURCES[name]
    recorded = json.loads(RECORD.read_text())[name]
    if recorded != describe(source):
        raise Changed(f"{name}: {source.module} {source.version} differs from {RECORD.name}; record it anew")
    folder = module_folder(source.module, source.version)
    if not source.kustomization:
        return list(read(_files(source)))
    kustomize = [str(build.program("kustomize")), "build", str(folder / source.kustomization)]
    return list(read(subprocess.run(kustomize, check=True, capture_output=True, text=True).stdout))


def describe(source: Source) -> dict[str, object]:
    """Module, version and the sha256 of every file, as they are recorded."""
    folder = module_folder(source.module, source.version)
    digests = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in _files(source)
    }
    return {"module": source.module, "version": source.version, "files": digests}


def _files(source: Source) -> list[Path]:
    folder = module_folder(source.module, source.version)
    return sorted(path for pattern in source.files for path in folder.glob(pattern))


def main() -> int:
    """Record every source anew."""
    parser = argparse.ArgumentParser(prog="tests.live.controlplane.crds", description=main.__doc__)
    parser.add_argument("--record", action="store_true", required=True)
    parser.parse_args()
    content = {name: describe(source) for name, source in SOURCES.items()}
    RECORD.write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
