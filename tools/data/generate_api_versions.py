"""Make ``auditor/data/api_versions.json``: when each Kubernetes API version is deprecated and removed.

Read from the APILifecycle… methods that Kubernetes generates into its API modules. k8s.io/api keeps the Go
types of removed versions, but drops some in time: several releases are read, newest first.
"""

from __future__ import annotations

import re
from typing import Any

from tools.data.sources import Source, go_module, provenance, render, write

# No module that can still be had has these.
BY_HAND_SOURCE = "https://github.com/kubernetes/kubernetes/tree/master/CHANGELOG"  # of 1.20 and 1.21
BY_HAND = {
    "batch/v2alpha1 CronJob": {"removed": 21, "replacement": "batch/v1 CronJob"},
    "settings.k8s.io/v1alpha1 PodPreset": {"removed": 20},
}

# Newest first.
MODULES = [
    ("k8s.io/api", "v0.37.2"),
    ("k8s.io/api", "v0.34.0"),
    ("k8s.io/api", "v0.31.0"),
    ("k8s.io/api", "v0.29.0"),
    ("k8s.io/api", "v0.26.0"),
    ("k8s.io/apiextensions-apiserver", "v0.37.0"),
    ("k8s.io/apiextensions-apiserver", "v0.24.0"),
    ("k8s.io/kube-aggregator", "v0.37.0"),
    ("k8s.io/kube-aggregator", "v0.31.0"),
]
LIFECYCLE = "zz_generated.prerelease-lifecycle.go"
METHOD = re.compile(
    r"func \(in \*(\w+)\) APILifecycle(Deprecated|Removed|Replacement)\(\)[^{]*\{\s*return ([^\n]+)\n\}"
)
REPLACEMENT = re.compile(r'Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"')


def group_of(source: Source, folder: str) -> str:
    found = re.search(r'GroupName = "([^"]*)"', source.text(f"{folder}/register.go"))
    if found is None:
        raise ValueError(f"no GroupName in {folder}/register.go: the layout has changed, look at it")
    return found[1]


def lifecycle_files(source: Source) -> list[str]:
    return sorted(str(path.relative_to(source.root)) for path in source.root.rglob(LIFECYCLE))


def rows(source: Source) -> dict[str, dict[str, Any]]:
    """``group/version Kind`` to deprecated, removed (minors of 1.x) and replacement, where stated."""
    found: dict[str, dict[str, Any]] = {}
    for file in lifecycle_files(source):
        folder = file.rsplit("/", 1)[0]
        api = f"{group_of(source, folder)}/{folder.rsplit('/', 1)[1]}".removeprefix("/")
        for kind, what, returned in METHOD.findall(source.text(file)):
            if not kind.endswith("List"):
                found.setdefault(f"{api} {kind}", {}).update(_fact(kind, what, returned))
    return found


def _fact(kind: str, what: str, returned: str) -> dict[str, Any]:
    if what == "Replacement":
        stated = REPLACEMENT.search(returned)
        if stated is None:
            raise ValueError(f"{kind}: cannot read the replacement in {returned!r}")
        group, version, name = stated.groups()
        if name == f"{kind}List":  # a slip in networking.k8s.io/v1beta1 IngressClass
            name = kind
        return {"replacement": f"{group}/{version} {name}".removeprefix("/")}
    major, minor = (int(number) for number in returned.split(", "))
    if major != 1:
        raise ValueError(f"Kubernetes {major}.{minor}: this table holds minors of 1.x only")
    return {what.lower(): minor}


def main() -> None:
    versions: dict[str, dict[str, Any]] = {}
    read = []
    for path, version in MODULES:
        source = go_module(path, version)
        read.append(provenance(source, lifecycle_files(source)))
        versions = rows(source) | versions
    read.append(
        {"source": BY_HAND_SOURCE, "version": "by hand", "date": "2026-11-21", "rows": sorted(BY_HAND)}
    )
    known = {name: row for name, row in versions.items() if row}
    table = {"provenance": read, "versions": BY_HAND | known}
    write("api_versions.json", render(table, {"versions"}))


if __name__ == "__main__":
    main()
