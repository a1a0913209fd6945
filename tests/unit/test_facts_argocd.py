from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.argocd_waves import wave_of
from auditor.model import Target
from auditor.world import Surroundings, World
from tests.unit.worlds import resources

APP = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: worker, namespace: argocd}
spec:
  project: inference
  source: {path: apps/worker}
  ignoreDifferences: %s
"""
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: inference}
spec:
  replicas: 1
  template: {spec: {containers: [{name: a, resources: {limits: {nvidia.com/gpu: 1}}}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: worker, namespace: inference}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}}
"""


def seen(world: World) -> Any:
    app = next(iter(world.instances("ArgoApplication")))
    return world.fact("argo_application", app)


def loose(ignored: str = "[]", path: str = "apps/worker/w.yaml", extra: str = "") -> World:
    target = Target(
        "loose", "loose", ".", resources(APP % ignored) + resources(WORKLOAD, path) + resources(extra)
    )
    return World(target)


def ignored_in(world: World) -> list[bool]:
    return [row["ignored"] for row in seen(world)["scaled"]]


def test_a_scaled_workload_under_the_path_is_the_applications() -> None:
    found = seen(loose())
    assert found["gpu"]
    assert [row["title"] for row in found["scaled"]] == ["Deployment inference/worker"]


def test_a_folder_whose_name_only_begins_alike_is_not() -> None:
    assert not seen(loose(path="apps/worker-two/w.yaml"))["found"]


def test_the_rendered_target_counts_before_any_path() -> None:
    root = Target("root", "loose", ".", resources(APP % "[]"))
    made = Target(
        "argocd:worker", "argocd", "x", resources(WORKLOAD, "charts/x.yaml"), deployed_by=root.resources[0]
    )
    assert seen(World(root, around=Surroundings(targets=(root, made))))["scaled"]


@pytest.mark.parametrize(
    ("entry", "ignored"),
    [
        ("[{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}]", True),
        ("[{group: '*', kind: '*', jqPathExpressions: ['.spec .replicas']}]", True),
        ("[{group: apps, kind: Deployment, managedFieldsManagers: [kube-controller-manager]}]", True),
        ("[{group: apps, kind: Deployment, name: other, jsonPointers: [/spec/replicas]}]", False),
        ("[{group: apps, kind: Deployment, namespace: other, jsonPointers: [/spec/replicas]}]", False),
        ("[{group: '', kind: Deployment, jsonPointers: [/spec/replicas]}]", False),
        ("[{group: apps, kind: Deployment, jsonPointers: [/spec/template]}]", False),
        ("[text, {group: apps}]", False),
        ("text", False),
    ],
)
def test_what_counts_as_ignoring_the_replicas(entry: str, ignored: bool) -> None:
    assert ignored_in(loose(entry)) == [ignored]


@pytest.mark.parametrize(
    ("setting", "ignored"),
    [("jsonPointers: [/spec/replicas]", True), ("jsonPointers: [/metadata]", False), ("{ [broken", False)],
)
def test_argocd_cm_can_ignore_them_for_all(setting: str, ignored: bool) -> None:
    config = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: argocd-cm, namespace: argocd}}
data: {{resource.customizations.ignoreDifferences.apps_Deployment: "{setting}"}}
"""
    assert ignored_in(loose(extra=config)) == [ignored]


@pytest.mark.parametrize(("written", "wave"), [('"3"', 3), ('"-2"', -2), ("nothing", 0), ('""', 0)])
def test_waves_are_numbers_or_nought(written: str, wave: int) -> None:
    annotations = f"{{argocd.argoproj.io/sync-wave: {written}}}"
    text = f"{{apiVersion: v1, kind: ConfigMap, metadata: {{annotations: {annotations}}}}}"
    assert wave_of(resources(text)[0]) == wave


def test_an_applicationset_with_a_patched_template_shows_nothing() -> None:
    spec = "{templatePatch: x, template: {spec: {project: a}}}"
    text = f"{{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, spec: {spec}}}"
    assert World(Target("t", "loose", ".", resources(text))).instances("ArgoApplication") == []
