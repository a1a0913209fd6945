"""Scalers against the manifests around them: targets, triggers, authentications, jobs."""

from __future__ import annotations

from typing import Any

from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import World
from tests.unit import worlds

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: %s, annotations: {%s}}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      terminationGracePeriodSeconds: 100
      containers: [{name: worker, image: a:1, lifecycle: {preStop: {sleep: {seconds: 7}}}}]
"""
SCALER = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: scaler, namespace: %s}
spec:
  scaleTargetRef: {name: %s}
  triggers: [%s]
"""
CRON = '{type: cron, metadata: {timezone: UTC, start: a, end: b, desiredReplicas: "1"}}'


def fact(world: World, name: str, kind: str = "ScaledObject") -> Any:
    found = next(each for each in world.resources() if each.kind == kind)
    return world.fact(name, Instance("", found, found.body))


def test_the_nearest_name_is_offered_for_a_missing_target() -> None:
    world = worlds.world(DEPLOYMENT % ("ml-worker", "a", "") + "---" + SCALER % ("a", "ml-wroker", CRON))
    target = fact(world, "keda_target")
    assert target["found"] is False
    assert target["suggestion"] == "ml-worker"


def test_a_target_in_another_namespace_is_named_with_it() -> None:
    world = worlds.world(DEPLOYMENT % ("ml-worker", "b", "") + "---" + SCALER % ("a", "ml-worker", CRON))
    target = fact(world, "keda_target")
    assert target["found"] is False
    assert target["why"] == "Deployment ml-worker is in namespace b"


def test_a_target_is_not_judged_where_no_workload_is() -> None:
    target = fact(worlds.world(SCALER % ("a", "ml-worker", CRON)), "keda_target")
    assert isinstance(target["found"], Unknown)


def test_names_of_a_formula_are_told_from_words_functions_and_members() -> None:
    triggers = ", ".join(CRON.replace("{type", "{name: " + name + ", type", 1) for name in ("queue_a", "b"))
    body = SCALER % ("a", "x", triggers) + (
        '  advanced: {scalingModifiers: {target: "1", formula: '
        "\"let n = max(queue_a, 2); n > 1 and not (b == 0) ? n : queue_aa ?? 'b'\"}}\n"
    )
    assert fact(worlds.world(body), "keda_triggers")["formula"] == [
        {"name": "queue_aa", "suggestion": "queue_a"}
    ]


def test_a_place_of_a_problem_is_a_path_of_the_manifest() -> None:
    trigger = '{type: aws-sqs-queue, metadata: {queueURL: q, awsRegion: r, queueLenght: "1"}}'
    [problem] = fact(worlds.world(SCALER % ("a", "x", trigger)), "keda_triggers")["problems"]
    assert (problem["kind"], problem["suggestion"]) == ("unknown-key", "queueLength")
    assert problem["at"].endswith(".metadata.queueLenght")


def test_an_authentication_of_another_kind_is_no_match() -> None:
    trigger = "{type: cpu, metadata: {value: '1'}, authenticationRef: {name: shared}}"
    text = (
        "apiVersion: keda.sh/v1alpha1\nkind: ClusterTriggerAuthentication\nmetadata: {name: shared}\n"
        "spec: {podIdentity: {provider: aws}}\n---" + SCALER % ("a", "x", trigger)
    )
    [reference] = fact(worlds.world(text), "keda_auth")["references"]
    assert reference["found"] is False
    assert reference["why"] == "there is ClusterTriggerAuthentication shared"
    assert fact(worlds.world(text), "keda_auth", "ClusterTriggerAuthentication")["used"] is False


def test_what_a_job_takes_is_read_from_its_workload() -> None:
    said = 'auditor.dev/p95-seconds: "53.5", auditor.dev/max-in-flight: "2"'
    jobs = fact(worlds.world(DEPLOYMENT % ("x", "a", said) + "---" + SCALER % ("a", "x", CRON)), "keda_jobs")
    assert (jobs["p95"], jobs["max_in_flight"]) == (53.5, 2)
    assert (jobs["grace"], jobs["pre_stop"]) == (100.0, 7.0)
    assert isinstance(jobs["longest"], Unknown)


def test_hostile_scalers_give_facts_and_no_traceback() -> None:
    for spec in (
        "{}",
        "{scaleTargetRef: [], triggers: {}}",
        "{scaleTargetRef: {name: 1}, triggers: [1, {type: []}]}",
        "{scaleTargetRef: {name: a, kind: []}, triggers: [{type: prometheus, metadata: {query: 3}}]}",
        "{triggers: [{type: aws-sqs-queue, metadata: {queueURL: [a]}, authenticationRef: []}]}",
        "{triggers: [{type: cpu, metadata: []}], advanced: {scalingModifiers: {formula: 3}}}",
    ):
        world = worlds.world(
            f"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: a}}\nspec: {spec}"
        )
        for name in (
            "keda_target",
            "keda_triggers",
            "keda_auth",
            "keda_jobs",
            "keda_prometheus",
            "scaler_queues",
        ):
            assert fact(world, name) is not None
