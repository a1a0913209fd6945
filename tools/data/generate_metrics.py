"""Make ``auditor/data/metrics.json``: the metric names of exporters whose names are a closed list.

kube-state-metrics documents each of its metrics; the documents are part of its Go module. DCGM's field names
are no module that the proxy serves: that list is kept by hand and stays as it is in the table.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import auditor.data
from tools.data.sources import go_module, provenance, render, write

KUBE_STATE_METRICS = ("k8s.io/kube-state-metrics/v2", "v2.18.0")
DOCS = "docs/metrics"
ROW = re.compile(r"^\|\s*`?(kube_[a-z0-9_]+)`?\s*\|", re.MULTILINE)
BY_HAND = "by hand"


def main() -> None:
    source = go_module(*KUBE_STATE_METRICS)
    files = sorted(
        path.relative_to(source.root).as_posix() for path in (source.root / DOCS).rglob("*-metrics.md")
    )
    names = {name for file in files for name in ROW.findall(source.text(file))}
    kept = json.loads((Path(auditor.data.__file__).parent / "metrics.json").read_bytes())
    table: dict[str, Any] = {
        "provenance": [
            provenance(source, files),
            *(row for row in kept["provenance"] if row["version"] == BY_HAND),
        ],
        "kube": _by_kind(names, 2),
        "dcgm": kept["dcgm"],
    }
    write("metrics.json", render(table, {"kube", "dcgm"}))


def _by_kind(names: set[str], depth: int) -> dict[str, list[str]]:
    """Names under what they begin with: ``kube_pod`` → the rest of each."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        parts = name.split("_")
        found.setdefault("_".join(parts[:depth]), []).append("_".join(parts[depth:]))
    return found


if __name__ == "__main__":
    main()
