# ruff: noqa: E501 - generated objects stay on one line
"""Four times the input, four times the time: what a hostile tree would make square. ``python -m tests.bench.bench_growth``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.processes import Command, measure

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: d{n}, namespace: n}}
spec:
  selector: {{matchLabels: {{app: a{n}}}}}
  template:
    metadata: {{labels: {{app: a{n}}}}}
    spec:
      serviceAccountName: s{n}
      containers: [{{name: c, image: "registry.example/x:{n}", resources: {{limits: {{cpu: 1, memory: 1Gi}}}}}}]
---
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {{name: s{n}, namespace: n}}\nspec: {{selector: {{app: a{n}}}}}\n---\n"
BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: b{n}, namespace: n}}
spec: {{minAvailable: 1, selector: {{matchLabels: {{app: a{n}}}}}}}
---
"""
RULE = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p{n}, namespace: n}}
spec: {{podSelector: {{matchLabels: {{app: a{n}}}}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: a1}}}}}}]}}]}}
---
"""
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: r{n}, namespace: n}}
rules: [{{apiGroups: [""], resources: [secrets], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: r{n}, namespace: n}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: r{n}}}
subjects: [{{kind: ServiceAccount, name: s{n}, namespace: n}}]
---
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}, namespace: n}}\ndata: {{a: b}}\n---\n"


def _each(text: str) -> Callable[[int], str]:
    return lambda count: "".join(text.format(n=number) for number in range(count))


def _listed(field: str, element: str) -> Callable[[int], str]:
    def pod(count: int) -> str:
        lines = "".join(f"      - {{{element.format(n=number)}}}\n" for number in range(count))
        head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: x:1\n"
        return f"{head}    {field}:\n{lines}"

    return pod


def _statements(count: int) -> str:
    rows = '{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "arn:aws:s3:::b/*" },\n' * 50
    return "".join(
        f'resource "aws_iam_policy" "p{n}" {{\n policy = jsonencode({{ Statement = [\n{rows}] }})\n}}\n'
        for n in range(count)
    )


CASES: dict[str, tuple[str, int, Callable[[int], str]]] = {
    "workloads and services": ("x.yaml", 200, _each(WORKLOAD + SERVICE)),
    "workloads and budgets": ("x.yaml", 200, _each(WORKLOAD + BUDGET)),
    "workloads and network policies": ("x.yaml", 200, _each(WORKLOAD + RULE)),
    "bindings": ("x.yaml", 400, _each(BINDING)),
    "config maps": ("x.yaml", 1000, _each(CONFIG)),
    "environment variables": ("x.yaml", 1000, _listed("env", "name: E{n}, value: v{n}")),
    "identical ports": ("x.yaml", 1000, _listed("ports", "containerPort: 80")),
    "IAM statements": ("m.tf", 30, _statements),
    "instructions of a Dockerfile": ("Dockerfile", 1500, lambda count: "FROM x:1\n" + "RUN echo 1\n" * count),
    "characters beyond ASCII": (
        "m.tf",
        500,
        lambda count: "".join(f'locals {{\n  é{n} = "é"\n}}\n' for n in range(count)),
    ),
}
ARGUMENTS = ("check", ".", "--no-cache", "--no-render", "--format", "json", "--output", "/dev/null")
AUDITOR = Path(sys.executable).with_name("auditor")


def _runs(file: str, text: Callable[[int], str], scratch: Path, counts: tuple[int, ...]) -> list[Command]:
    runs = []
    for count in counts:
        folder = scratch / str(count)
        folder.mkdir()
        (folder / file).write_text(text(count))
        runs.append(Command(str(count), (AUDITOR, *ARGUMENTS), folder))
    return runs


def main() -> int:
    """One row a case: CPU seconds beyond those for a single element, and the ratio (4 is linear, 16 a square)."""
    print("| input | times | CPU seconds | four times as many | ratio |\n|---|---|---|---|---|")
    for name, (file, count, text) in CASES.items():
        with tempfile.TemporaryDirectory(prefix="auditor-bench-") as scratch:
            costs = measure(_runs(file, text, Path(scratch), (1, count, 4 * count)), rounds=3)
        idle, once, four = (costs[key].cpu for key in ("1", str(count), str(4 * count)))
        ratio = (four - idle) / max(once - idle, 0.001)
        print(f"| {name} | {count} | {once - idle:.2f} | {four - idle:.2f} | {ratio:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
