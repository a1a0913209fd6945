from __future__ import annotations

import copy
import importlib.resources
import json
import time
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from auditor.data.k8s_schema import MAX_PROBLEMS, has_schema, schema_releases, structural_problems
from auditor.unknown import Unknown

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod, labels: {app: web, tier: front}, annotations: {team: vision}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      nodeSelector: {pool: gpu}
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      securityContext: {runAsNonRoot: true, fsGroup: 1000}
      containers:
      - name: web
        image: nginx:1.25
        command: [nginx]
        args: ["-g", "daemon off;"]
        ports: [{containerPort: 8080, name: http, protocol: TCP}]
        env: [{name: A, value: b}, {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
        resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {memory: 1Gi, nvidia.com/gpu: 1}}
        livenessProbe: {httpGet: {path: /, port: http}, initialDelaySeconds: 3}
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 3}
        volumeMounts: [{name: scratch, mountPath: /v}, {name: conf, mountPath: /c}]
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      volumes: [{name: scratch, emptyDir: {}}, {name: conf, configMap: {name: web}}]
"""
OTHERS = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      backoffLimit: 2
      template: {spec: {restartPolicy: Never, containers: [{name: job, image: busybox}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
  - host: example.org
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
subjects: [{kind: ServiceAccount, name: web}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {kind: Deployment, name: web}
  maxReplicas: 4
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
"""


def deployment() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DEPLOYMENT)
    return loaded


def container(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["spec"]["template"]["spec"]["containers"][0]
    return found


def problems(body: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return [(p.path, p.kind) for p in structural_problems(body["apiVersion"], body["kind"], body)]


CONTAINER = ("spec", "template", "spec", "containers", 0)


def test_a_right_deployment_is_silent() -> None:
    assert problems(deployment()) == []


def test_an_unknown_field_names_the_nearest() -> None:
    body = deployment()
    container(body)["imagePullPolcy"] = "Always"
    (problem,) = structural_problems("apps/v1", "Deployment", body)
    assert problem.path == (*CONTAINER, "imagePullPolcy")
    assert (problem.kind, problem.suggestion) == ("unknown-field", "imagePullPolicy")


def test_an_unknown_field_whose_value_is_null_is_found_too() -> None:
    body = deployment()
    body["spec"]["replica"] = None
    assert problems(body) == [(("spec", "replica"), "unknown-field")]


def test_a_missing_required_field_is_reported_where_it_belongs() -> None:
    body = deployment()
    del body["spec"]["selector"]
    assert problems(body) == [(("spec",), "missing-field")]


def test_a_required_field_that_is_null_is_missing() -> None:
    body = deployment()
    body["spec"]["selector"] = None
    assert problems(body) == [(("spec",), "missing-field")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("image", 5), ("command", "sleep 1"), ("env", {"A": "b"}), ("tty", "true"), ("ports", [80])],
)
def test_a_wrong_type_is_found(field: str, value: Any) -> None:
    body = deployment()
    container(body)[field] = value
    assert [kind for _, kind in problems(body)] == ["wrong-type"]


@pytest.mark.parametrize("value", ["500m", "1", 1, 0.5, "1.5Gi", "2e3", ".5", "+1k"])
def test_quantities_come_as_numbers_and_as_text(value: Any) -> None:
    body = deployment()
    container(body)["resources"]["requests"]["cpu"] = value
    assert problems(body) == []


@pytest.mark.parametrize("value", ["1GB", "1 Gi", "", "lots", True, [], "1gi"])
def test_what_is_no_quantity_is_refused(value: Any) -> None:
    body = deployment()
    container(body)["resources"]["limits"]["memory"] = value
    assert problems(body) == [((*CONTAINER, "resources", "limits", "memory"), "wrong-type")]


@pytest.mark.parametrize(
    ("value", "right"), [(1, True), ("25%", True), (True, False), (1.5, False), ([], False)]
)
def test_int_or_string(value: Any, right: bool) -> None:
    body = deployment()
    body["spec"]["strategy"]["rollingUpdate"]["maxSurge"] = value
    assert (problems(body) == []) is right


def test_whole_floats_pass_as_integers_and_booleans_do_not() -> None:
    body = deployment()
    body["spec"]["replicas"] = 3.0
    assert problems(body) == []
    body["spec"]["replicas"] = True
    assert problems(body) == [(("spec", "replicas"), "wrong-type")]


def test_unknowns_fit_everywhere() -> None:
    unknown = Unknown("unresolved")
    body = deployment()
    body["spec"]["replicas"] = unknown
    body["spec"]["selector"] = unknown
    container(body)["resources"]["limits"] = {"memory": unknown}
    container(body)["args"] = [unknown]
    container(body)["env"] = [unknown]
    assert problems(body) == []
    assert structural_problems("apps/v1", "Deployment", unknown) == []
    assert structural_problems(unknown, "Deployment", body) == []


def test_a_value_where_text_belongs_is_never_repeated() -> None:
    body = deployment()
    container(body)["env"][0]["value"] = 31337
    (problem,) = structural_problems("apps/v1", "Deployment", body)
    assert problem.kind == "wrong-type"
    assert "31337" not in problem.what
    secret = {"apiVersion": "v1", "kind": "Secret", "data": "hunter2"}
    (problem,) = structural_problems("v1", "Secret", secret)
    assert "hunter2" not in problem.what


def test_status_is_not_looked_into() -> None:
    body = deployment()
    body["status"] = {"anything": ["goes"]}
    assert problems(body) == []


def test_kinds_without_a_schema_are_left_alone() -> None:
    assert not has_schema("keda.sh/v1alpha1", "ScaledObject")
    assert structural_problems("keda.sh/v1alpha1", "ScaledObject", {"spec": 5}) == []


def test_kinds_that_are_no_longer_served_are_still_checked() -> None:
    assert has_schema("autoscaling/v2beta2", "HorizontalPodAutoscaler")


def test_the_schemas_cover_a_range_of_releases() -> None:
    oldest, newest = (int(release.split(".")[1]) for release in schema_releases())
    assert oldest <= 29 < 35 <= newest


@pytest.mark.parametrize(
    "body", [None, [], "text", 5, {"spec": []}, {"spec": {"template": "x"}}, {"metadata": 1}]
)
def test_hostile_shapes_give_rows_and_no_traceback(body: Any) -> None:
    assert structural_problems("apps/v1", "Deployment", body)


def test_a_flood_of_problems_is_cut_and_says_so() -> None:
    body = deployment()
    body["spec"] |= {f"field{number}": 1 for number in range(5000)}
    found = structural_problems("apps/v1", "Deployment", body)
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1].kind == "limit"


def test_endless_nesting_is_a_row() -> None:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(5000):
        schema = {"not": schema}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]
    spec = {"group": "g", "scope": "Namespaced", "names": {"kind": "K", "plural": "ks"}, "versions": versions}
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
    assert problems(body) == [((), "limit")]


def oracle(body: dict[str, Any]) -> Any:
    """A full JSON Schema validator over the newest release's own definitions."""
    root = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
    release = f"v{schema_releases()[1]}.0-local-strict"
    definitions = json.loads((root / release / "_definitions.json").read_text("utf-8"))["$defs"]
    group, _, version = body["apiVersion"].rpartition("/")
    wanted = {"group": group, "version": version, "kind": body["kind"]}
    name = next(n for n, d in definitions.items() if wanted in d.get("x-kubernetes-group-version-kind", []))
    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{name}", "$defs": definitions})


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if key not in ("apiVersion", "kind"):  # the oracle pins their values
            yield (*path, key)
        yield from places(value, (*path, key))


def broken_once(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The object with one place removed, renamed, or given a value of each other type."""
    for path in places(body):
        for change in ("remove", "rename", True, 7, "7", [], {}, [7], {"a": 7}):
            copied = copy.deepcopy(body)
            parent = copied
            for key in path[:-1]:
                parent = parent[key]
            if change == "remove":
                del parent[path[-1]]
            elif change == "rename" and isinstance(parent, dict):
                parent["renamed"] = parent.pop(path[-1])
            else:
                parent[path[-1]] = change
            yield copied


@pytest.mark.parametrize("body", [deployment(), *yaml.safe_load_all(OTHERS)], ids=lambda body: body["kind"])
def test_the_verdict_equals_a_json_schema_validators_on_every_single_change(body: dict[str, Any]) -> None:
    validator = oracle(body)
    assert validator.is_valid(body)
    assert problems(body) == []
    differing = [b for b in broken_once(body) if validator.is_valid(b) is not (problems(b) == [])]
    assert differing == []


def test_a_typical_deployment_takes_well_under_a_tenth_of_a_millisecond() -> None:
    body = deployment()
    structural_problems("apps/v1", "Deployment", body)
    best = min(_seconds(body) for _ in range(20))
    assert best < 100e-6


def _seconds(body: dict[str, Any], rounds: int = 50) -> float:
    start = time.process_time()
    for _ in range(rounds):
        structural_problems("apps/v1", "Deployment", body)
    return (time.process_time() - start) / rounds
