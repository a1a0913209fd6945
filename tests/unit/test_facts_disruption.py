"""Budgets, replicas and autoscalers: what blocks a drain, and what protects nothing."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.disruption import desired
from auditor.unknown import Unknown
from tests.unit.test_facts_joins import fact, tree

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: prod}}
spec:
  {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}, tier: web}}}}
    spec: {{containers: [{{name: main, image: registry.example/x:1, resources: {{{resources}}}}}]}}
"""
BUDGET = """
apiVersion: {version}
kind: PodDisruptionBudget
metadata: {{name: budget, namespace: prod}}
spec: {spec}
"""
HPA = """
apiVersion: autoscaling/{version}
kind: HorizontalPodAutoscaler
metadata: {{name: {name}, namespace: prod}}
spec: {{scaleTargetRef: {target}, minReplicas: 2, maxReplicas: 4, {metrics}}}
"""
TARGET = "{apiVersion: apps/v1, kind: Deployment, name: api}"
CPU = (
    "metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]"
)


def deployment(name: str = "api", replicas: str = "", resources: str = "") -> str:
    return DEPLOYMENT.format(name=name, replicas=replicas, resources=resources)


def budget(spec: str, version: str = "policy/v1") -> str:
    return BUDGET.format(spec=spec, version=version)


def hpa(metrics: str = CPU, target: str = TARGET, name: str = "api", version: str = "v2") -> str:
    return HPA.format(metrics=metrics, target=target, name=name, version=version)


@pytest.mark.parametrize(
    ("value", "replicas", "wanted"),
    [(2, 3, 2), ("2", 3, 2), ("67%", 3, 3), ("50%", 1, 1), ("0%", 5, 0), ("many", 5, None), (None, 5, None)],
)
def test_percentages_of_min_available_round_up(value: object, replicas: int, wanted: int | None) -> None:
    assert desired(value, replicas) == wanted


def blocked(spec: str, *texts: str) -> list[dict[str, Any]]:
    files = {f"a__{n}": text for n, text in enumerate(texts)}
    found: list[dict[str, Any]] = fact(
        tree(a__budget=budget(spec), **files), "disruption_budget", "PodDisruptionBudget"
    )["blocked"]
    return found


ONE = "{minAvailable: 1, selector: {matchLabels: {app: api}}}"


def test_a_budget_blocks_where_it_wants_all_replicas() -> None:
    row = blocked(ONE, deployment())[0]
    assert (row["replicas"], row["needed"], row["scaler"]) == (1, 1, "")
    assert blocked(ONE, deployment(replicas="replicas: 2")) == []
    assert blocked(ONE, deployment(replicas="replicas: 0")) == []


def test_the_minimum_of_an_autoscaler_counts_instead_of_replicas() -> None:
    two = "{minAvailable: 2, selector: {matchLabels: {app: api}}}"
    row = blocked(two, deployment(replicas="replicas: 9"), hpa())[0]
    assert (row["replicas"], row["above"]) == (2, False)
    assert row["scaler"] == "HorizontalPodAutoscaler prod/api"
    assert blocked(ONE, deployment(), hpa()) == []


def test_workloads_that_share_a_budget_are_not_judged_one_by_one() -> None:
    shared = "{minAvailable: 1, selector: {matchLabels: {tier: web}}}"
    assert blocked(shared, deployment("one"), deployment("two")) == []


def test_a_missing_selector_selects_nothing_and_an_empty_one_by_version() -> None:
    for spec, version, wanted in (
        ("{minAvailable: 1}", "policy/v1", []),
        ("{minAvailable: 1, selector: {}}", "policy/v1", ["Deployment prod/api"]),
        ("{minAvailable: 1, selector: {}}", "policy/v1beta1", []),
    ):
        world = tree(a__budget=budget(spec, version), a__d=deployment())
        assert fact(world, "disruption_budget", "PodDisruptionBudget")["workloads"] == wanted


def test_two_budgets_over_the_same_pods_are_counted_when_they_are_surely_both_applied() -> None:
    second = budget("{maxUnavailable: 1, selector: {matchLabels: {tier: web}}}").replace(
        "name: budget", "name: second"
    )
    for folder, wanted in (("a", 2), ("b", 1)):
        world = tree(a__d=deployment(), a__one=budget(ONE), **{f"{folder}__two": second})
        found = world.fact("disruption", world.instances("PodTemplate")[0])
        assert (found["sure"], len(found["budgets"])) == (wanted, 2)


def test_replicas_that_are_no_number_are_unknown() -> None:
    world = tree(a__d=deployment(replicas='replicas: "$(REPLICAS)"'))
    assert isinstance(fact(world, "replicas", "Deployment")["least"], Unknown)


def autoscaler(*texts: str, which: str = "api") -> dict[str, Any]:
    files = {f"a__{n}": text for n, text in enumerate(texts)}
    found: dict[str, Any] = fact(tree(**files), "autoscaler", "HorizontalPodAutoscaler", which)
    return found


def test_an_hpa_finds_its_target_by_group_kind_and_name() -> None:
    assert autoscaler(hpa(), deployment())["found"] is True
    assert autoscaler(hpa(target=TARGET.replace("apps/v1", "apps/v1beta2")), deployment())["found"] is True
    assert autoscaler(hpa(target="{kind: Deployment, name: api}"), deployment())["found"] is False
    assert autoscaler(hpa(target=TARGET.replace("name: api", "name: apis")), deployment())["found"] is False
    assert isinstance(autoscaler(hpa())["found"], Unknown)
    custom = "{apiVersion: example.com/v1, kind: Server, name: api}"
    assert isinstance(autoscaler(hpa(target=custom), deployment())["found"], Unknown)


@pytest.mark.parametrize(
    ("metrics", "resources", "version", "wanted"),
    [
        (CPU, "", "v2", ["cpu"]),
        (CPU, "requests: {cpu: 1}", "v2", []),
        (CPU, "limits: {cpu: 1}", "v2", []),
        (CPU, "requests: {memory: 1Gi}", "v2", ["cpu"]),
        (CPU.replace("Utilization, averageUtilization: 70", "AverageValue, averageValue: 1"), "", "v2", []),
        ("metrics: [{type: Pods, pods: {metric: {name: queue}}}]", "", "v2", []),
        ("targetCPUUtilizationPercentage: 50", "", "v1", ["cpu"]),
        ("behavior: {}", "", "v2", ["cpu"]),
        (
            CPU.replace("Resource, resource: {", "ContainerResource, containerResource: {container: other, "),
            "",
            "v2",
            [],
        ),
    ],
)
def test_utilization_needs_a_request_in_every_container(
    metrics: str, resources: str, version: str, wanted: list[str]
) -> None:
    found = autoscaler(hpa(metrics, version=version), deployment(resources=resources))
    assert [row["resource"] for row in found["unrequested"]] == wanted


def test_a_limit_range_may_give_the_request() -> None:
    limits = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: defaults, namespace: prod}\n"
    assert autoscaler(hpa(), deployment(), limits)["unrequested"] == []


def test_two_hpas_on_one_target_see_each_other() -> None:
    found = autoscaler(hpa(), hpa(name="second"), deployment())
    assert [row["title"] for row in found["others"]] == ["HorizontalPodAutoscaler prod/second"]
