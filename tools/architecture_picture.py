"""docs/architecture/architecture.svg and .png: what production's worker hangs together with, by the auditor's joins.

``python -m tools.architecture_picture`` writes them; graphviz draws. Nothing in the picture is written by hand: nodes
and edges are those of ``auditor graph platform``, grouped by what makes them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "architecture"
TARGET = "(prod:argocd:ml-worker-prod)"
GROUPS = {"terraform": "AWS, by Terraform", "apps": "Kubernetes, by Argo CD: apps/prod"}


def graph() -> dict[str, Any]:
    """The joins of production's worker."""
    command = [sys.executable, "-m", "auditor", "graph", "platform", "--format", "json", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = next(each for each in json.loads(done.stdout) if each["name"].endswith(TARGET))
    return found


def dot(found: dict[str, Any]) -> str:
    """The graph in Graphviz' language."""
    places = {each["id"]: each["location"]["file"].split("/")[1] for each in found["nodes"]}
    names = {each["id"]: f"n{number}" for number, each in enumerate(found["nodes"])}
    lines = [
        "digraph platform {",
        '  rankdir=LR; nodesep=0.3; ranksep=0.9; fontname="sans-serif"; bgcolor="white";',
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif", fontsize=11];',
        '  edge [fontname="sans-serif", fontsize=9, color="#55606e"];',
    ]
    for folder, title in GROUPS.items():
        lines.append(f'  subgraph cluster_{folder} {{ label="{title}"; style=rounded; color="#b9c0cb";')
        inside = [node for node in found["nodes"] if places[node["id"]] == folder]
        lines += [f'    {names[node["id"]]} [label="{_label(node)}"];' for node in inside]
        lines.append("  }")
    lines += [
        f'  {names[edge["from"]]} -> {names[edge["to"]]} [label="{edge["label"]}"];'
        for edge in found["edges"]
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _label(node: dict[str, Any]) -> str:
    name = node["label"].removeprefix("module.platform.")
    parts = [
        part for part in name.split(".") if part not in ("module", "this") and not part.startswith("aws_")
    ]
    return f"{node['kind']}\\n{'.'.join(parts)}"


def main() -> None:
    """Write all three files."""
    FOLDER.mkdir(exist_ok=True)
    text = dot(graph())
    (FOLDER / "architecture.dot").write_text(text)
    for kind, flags in (("svg", []), ("png", ["-Gdpi=110"])):
        target = FOLDER / f"architecture.{kind}"
        subprocess.run(["dot", f"-T{kind}", *flags, "-o", str(target)], input=text, text=True, check=True)


if __name__ == "__main__":
    main()
