"""Time of CEL: ``python tests/bench/bench_cel.py`` prints µs per evaluation, compilation and load.

The expressions are what policies ask of a pod template; the data are one Deployment with two containers.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

from auditor.cel import Program, compile_expr
from auditor.unknown import Unknown

_POD = "object.spec.template.spec"
EXPRESSIONS = (
    *(
        f"{_POD}.containers.all(c, has(c.resources) && has(c.resources.limits)"
        f" && '{key}' in c.resources.limits)"
        for key in ("cpu", "memory", "ephemeral-storage")
    ),
    f"{_POD}.containers.all(c, has(c.image) && !c.image.endsWith(':latest') && c.image.contains(':'))",
    f"!has({_POD}.hostNetwork) || {_POD}.hostNetwork == false",
    f"{_POD}.containers.all(c, has(c.securityContext) && has(c.securityContext.runAsNonRoot)"
    " && c.securityContext.runAsNonRoot == true)",
    "has(object.spec.replicas) && object.spec.replicas >= 2",
    "object.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
    "has(object.metadata.labels) && object.metadata.labels.exists(k, k == 'app.kubernetes.io/name')",
    f"{_POD}.containers.exists(c, has(c.env) && c.env.exists(e, has(e.value)"
    " && e.name in ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']))",
    f"!has({_POD}.volumes) || {_POD}.volumes.all(v, !has(v.hostPath))",
    f"size({_POD}.containers.filter(c, has(c.livenessProbe))) == size({_POD}.containers)",
    f"{_POD}.?tolerations.orValue([]).exists(t, t.?key.orValue('') in ['', 'nvidia.com/gpu']"
    " && t.?effect.orValue('NoSchedule') == 'NoSchedule')",
    f"{_POD}.containers.exists(c, 'nvidia.com/gpu' in c.?resources.?limits.orValue({{}}))",
)


def _container(name: str) -> dict[str, Any]:
    limits = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": 1}
    return {
        "name": name,
        "image": f"registry.example/{name}:1.2",
        "env": [{"name": "QUEUE_URL", "value": "q"}, {"name": "BUCKET", "value": "b"}],
        "resources": {"limits": limits},
        "securityContext": {"runAsNonRoot": True},
    }


VARIABLES: dict[str, Any] = {
    "object": {
        "kind": "Deployment",
        "metadata": {"name": "worker", "labels": {"app.kubernetes.io/name": "worker"}},
        "spec": {
            "replicas": 3,
            "template": {
                "spec": {
                    "containers": [_container("worker"), _container("sidecar")],
                    "volumes": [{"name": "scratch", "emptyDir": {}}],
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                }
            },
        },
    }
}


def microseconds(act: Callable[[], object], count: int, rounds: int) -> float:
    """The best of five, per each of ``count`` things that ``act`` does."""
    return min(timeit.repeat(act, number=rounds, repeat=5)) / rounds / count * 1e6


def main() -> None:
    programs = [compile_expr(source) for source in EXPRESSIONS]
    stored = [(program.source, program.to_bytes()) for program in programs]
    count = len(programs)
    unknown = {"object": {**VARIABLES["object"], "spec": Unknown("not rendered")}}
    rows = {
        "evaluate": microseconds(lambda: [program(VARIABLES) for program in programs], count, 2000),
        "evaluate with an unknown": microseconds(
            lambda: [program(unknown) for program in programs], count, 100
        ),
        "compile": microseconds(lambda: [compile_expr(source) for source in EXPRESSIONS], count, 20),
        "to_bytes": microseconds(lambda: [program.to_bytes() for program in programs], count, 200),
        "from_bytes": microseconds(lambda: [Program.from_bytes(*pair) for pair in stored], count, 200),
    }
    print(f"{count} expressions, µs each, best of 5")
    for name, value in rows.items():
        print(f"{name:26}{value:9.2f}")
    for program in programs:
        print(f"{microseconds(lambda p=program: p(VARIABLES), 1, 5000):9.2f}  {program.source}")


if __name__ == "__main__":
    main()
