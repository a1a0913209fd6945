"""One chart with one set of values, and what ``helm template`` makes of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from auditor.sources.git import Checkout
from auditor.sources.helm.chart import MAX_NESTING, Chart, Charts
from auditor.sources.sandbox import (
    Limits,
    Memory,
    RenderFailed,
    RenderInput,
    environment,
    find_tool,
    remembered,
    run,
    scratch,
)

KUBE_VERSION = "1.33.0"
API_VERSIONS = (
    "autoscaling.k8s.io/v1",
    "cert-manager.io/v1",
    "external-secrets.io/v1",
    "gateway.networking.k8s.io/v1",
    "karpenter.sh/v1",
    "keda.sh/v1alpha1",
    "monitoring.coreos.com/v1",
    "monitoring.coreos.com/v1/PodMonitor",
    "monitoring.coreos.com/v1/PrometheusRule",
    "monitoring.coreos.com/v1/ServiceMonitor",
)
"""What a platform that this tool is for has installed, so that charts show what they would deploy there."""

MAX_FILES_BYTES = 16 * 1024 * 1024


class Values(Struct):
    """One layer of values: a file of the tree, or text from elsewhere (an Argo CD Application)."""

    path: str
    data: bytes | None = None
    """None: the bytes of the file ``path``."""


class Release(Struct):
    """A chart, and everything that changes what it renders to. Later values win."""

    chart: Chart
    values: Sequence[Values] = ()
    name: str = ""
    namespace: str = ""
    settings: Sequence[str] = ()
    """Further arguments of ``helm template``: ``--set``, ``--set-string``, ``--api-versions`` …"""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files that ``settings`` name, by path in the scratch folder."""
    include_crds: bool = False
    kube_version: str = KUBE_VERSION

    def with_values(self, extra: Values) -> Release:
        """The same release with one more layer."""
        return replace(self, values=(*self.values, extra))


class Helm:
    """The ``helm`` that this machine has."""

    def __init__(self, tool: str, limits: Limits | None = None, memory: Memory | None = None) -> None:
        self._tool, self._limits, self._memory = tool, limits or Limits(), memory

    @classmethod
    def find(cls, memory: Memory | None = None) -> Helm | None:
        """``helm`` on PATH, else the program that AUDITOR_HELM names; None when there is neither."""
        tool = find_tool("helm") or os.environ.get("AUDITOR_HELM", "")
        usable = bool(tool) and Path(tool).is_absolute() and os.access(tool, os.X_OK)
        return cls(tool, memory=memory) if usable else None

    def render(self, wanted: RenderInput) -> bytes:
        """The rendered stream; :class:`RenderFailed` with helm's own words."""
        return remembered(self._memory, self._tool, wanted, lambda: self._render(wanted))

    def _render(self, wanted: RenderInput) -> bytes:
        with scratch(wanted.files) as root:
            home = str(root / "home")
            folders = {f"HELM_{name}_HOME": home for name in ("CONFIG", "CACHE", "DATA")}
            env = environment(root, {**folders, "HELM_PLUGINS": f"{home}/plugins", "HELM_NO_PLUGINS": "1"})
            return run((self._tool, *wanted.arguments), root, env, self._limits)


def render_input(checkout: Checkout, charts: Charts, release: Release) -> RenderInput:
    """What ``helm template`` reads for a release; RenderFailed for a chart of unreasonable size or depth."""
    files = dict(release.files)
    _add_chart(checkout, charts, release.chart, "chart", files, 0)
    arguments = ["template", release.name or _release_name(release.chart), "./chart", "--skip-tests"]
    arguments += ["--kube-version", release.kube_version]
    arguments += ["--namespace", release.namespace] if release.namespace else []
    arguments += ["--include-crds"] if release.include_crds else []
    for name in API_VERSIONS:
        arguments += ["--api-versions", name]
    for index, values in enumerate(release.values):
        name = f"values-{index}.yaml"
        files[name] = checkout.read(values.path) if values.data is None else values.data
        arguments += ["--values", name]
    return RenderInput((*arguments, *release.settings), files)


def _release_name(chart: Chart) -> str:
    """A name that helm accepts: at most 53 lower-case letters, digits and dashes."""
    name = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in chart.name.lower())
    return name[:53].strip("-") or "release"


def _add_chart(
    checkout: Checkout, charts: Charts, chart: Chart, folder: str, files: dict[str, bytes], depth: int
) -> None:
    if depth > MAX_NESTING:
        raise RenderFailed("charts depend on each other in a ring, or more than 5 deep", "flatten them")
    uses_files = False
    for path in chart.files:
        data = files[f"{folder}/{chart.relative(path)}"] = checkout.read(path)
        uses_files = uses_files or b".Files" in data
    for path in chart.beside if uses_files else ():
        files[f"{folder}/{chart.relative(path)}"] = checkout.read(path)
    if sum(map(len, files.values())) > MAX_FILES_BYTES:
        raise RenderFailed(
            f"the chart's files are more than {MAX_FILES_BYTES >> 20} MiB",
            "name what is no part of it in .helmignore",
        )
    for name, other in chart.local.items():
        _add_chart(checkout, charts, charts.by_folder[other], f"{folder}/charts/{name}", files, depth + 1)
