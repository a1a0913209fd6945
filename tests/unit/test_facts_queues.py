"""Queue URLs, and the joins between scalers, queues, buckets and workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.facts.queue_notifications import Notification, loop
from auditor.facts.queue_urls import QueueUrl, parse_url
from auditor.model import Resource
from auditor.sources.git import GitSource
from auditor.sources.tree import Tree
from auditor.targets import arrange
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import World

CLUSTER = 'resource "aws_eks_cluster" "main" { name = "a" }\n'
SCALER = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: worker, namespace: a}
spec:
  scaleTargetRef: {name: worker}
  triggers:
    - type: aws-sqs-queue
      metadata: {%s, awsRegion: eu-central-1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
        - name: worker
          image: a:1
          env:
            - {name: LITERAL, value: "https://sqs.eu-central-1.amazonaws.com/111122223333/scans"}
            - {name: MAPPED, valueFrom: {configMapKeyRef: {name: settings, key: queue}}}
            - {name: HIDDEN, valueFrom: {secretKeyRef: {name: s, key: queue}}}
          envFrom: [{configMapRef: {name: settings}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: a}
data: {queue: "https://sqs.eu-central-1.amazonaws.com/111122223333/scans", WHOLE: scans}
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/scans", ("scans", "111122223333", "eu-west-1")),
        (
            "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/a.fifo",
            ("a.fifo", "111122223333", "cn-north-1"),
        ),
        ("https://eu-west-1.queue.amazonaws.com/111122223333/scans", ("scans", "111122223333", "eu-west-1")),
        ("https://queue.amazonaws.com/111122223333/scans", ("scans", "111122223333", "us-east-1")),
        (
            "https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/scans",
            ("scans", "111122223333", "us-gov-west-1"),
        ),
        (
            "https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com/111122223333/s",
            ("s", "111122223333", "eu-west-1"),
        ),
        ("http://localhost:4566/000000000000/scans", ("scans", "000000000000", "")),
        ("scans.fifo", ("scans.fifo", "", "")),
    ],
)
def test_the_parts_of_a_queue_url(text: str, wanted: tuple[str, str, str]) -> None:
    assert parse_url(text) == QueueUrl(*wanted)


@pytest.mark.parametrize(
    "text", ["", "${QUEUE_URL}", "https://sqs.eu-west-1.amazonaws.com/<account>/a", 3, None]
)
def test_what_is_no_queue_url_is_unknown(text: object) -> None:
    assert isinstance(parse_url(text), Unknown)


def world(root: Path, terraform: str, metadata: str = "queueURLFromEnv: LITERAL") -> tuple[World, World]:
    """The worlds of the manifests and of the Terraform root."""
    (root / "infra").mkdir()
    (root / "infra" / "main.tf").write_text(CLUSTER + terraform)
    (root / "app").mkdir()
    (root / "app" / "all.yaml").write_text(SCALER % metadata)
    inventory = GitSource(Tree(root)).collect()
    assert inventory.problems == []
    targets, _ = arrange(inventory.targets, {})
    by_name = {target.name: target for target in targets}
    found = [World(each, [by_name[tie] for tie in each.ties]) for each in targets]
    return _holding(found, "ScaledObject"), _holding(found, "aws_eks_cluster")


def _holding(worlds: list[World], kind: str) -> World:
    return next(each for each in worlds if any(found.kind == kind for found in each.target.resources))


def resource(world: World, kind: str) -> Resource:
    return next(each for each in world.target.resources if each.kind == kind)


def row(world: World) -> Any:
    scaler = resource(world, "ScaledObject")
    [found] = world.fact("scaler_queues", Instance("", scaler, scaler.body))
    return found


@pytest.mark.parametrize(
    "metadata", ["queueURLFromEnv: LITERAL", "queueURLFromEnv: MAPPED", "queueURLFromEnv: WHOLE"]
)
def test_a_queue_is_found_through_the_environment_of_the_target(tmp_path: Path, metadata: str) -> None:
    app, _ = world(tmp_path, 'resource "aws_sqs_queue" "q" { name = "scans" }', metadata)
    assert row(app)["queue"]["found"] is True
    assert row(app)["queue"]["title"] == "aws_sqs_queue.q"


def test_a_queue_behind_a_secret_is_unknown(tmp_path: Path) -> None:
    app, _ = world(tmp_path, 'resource "aws_sqs_queue" "q" { name = "scans" }', "queueURLFromEnv: HIDDEN")
    assert isinstance(row(app)["name"], Unknown)
    assert isinstance(row(app)["queue"]["found"], Unknown)


def test_the_nearest_queue_is_named(tmp_path: Path) -> None:
    app, _ = world(tmp_path, 'resource "aws_sqs_queue" "q" { name = "scan" }')
    assert row(app)["queue"]["found"] is False
    assert row(app)["queue"]["why"] == "Terraform declares scan"


def test_a_queue_whose_name_is_not_known_may_be_the_one(tmp_path: Path) -> None:
    app, _ = world(tmp_path, 'variable "n" {}\nresource "aws_sqs_queue" "q" { name = var.n }')
    assert isinstance(row(app)["queue"]["found"], Unknown)


def test_without_queues_in_terraform_nothing_is_claimed(tmp_path: Path) -> None:
    app, _ = world(tmp_path, "")
    found = row(app)["queue"]["found"]
    assert isinstance(found, Unknown)
    assert "auditor.toml" in found.repair


def test_a_queue_knows_its_workers_dead_letters_and_notifications(tmp_path: Path) -> None:
    _, infra = world(
        tmp_path,
        """
        resource "aws_s3_bucket" "in" { bucket = "in" }
        resource "aws_s3_bucket_notification" "in" {
          bucket = aws_s3_bucket.in.id
          queue {
            queue_arn = aws_sqs_queue.q.arn
            events = ["s3:ObjectCreated:*"]
          }
        }
        resource "aws_sqs_queue" "q" {
          name = "scans"
          redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
        }
        resource "aws_sqs_queue" "dead" {
          name = "dead"
          message_retention_seconds = 1209600
        }
        """,
    )
    queue = infra.instances_of("Queue", resource(infra, "aws_sqs_queue"))[0]
    joined = infra.fact("queue", queue)
    [worker] = joined["workers"]
    assert (worker["title"], worker["grace"], worker["heartbeat"]) == ("Deployment a/worker", 30, False)
    assert isinstance(worker["p95"], Unknown)
    assert isinstance(worker["loop"], Unknown)
    assert (joined["dlq"]["found"], joined["dlq"]["retention"], joined["dlq"]["alarm"]) == (
        True,
        1209600,
        False,
    )
    assert [each["title"] for each in joined["notified"]] == ["aws_s3_bucket_notification.in"]
    assert joined["grant"]["ok"] is False


@pytest.mark.parametrize(
    ("output", "prefix", "suffix", "loops"),
    [
        ("s3://in/results/*.gz", "", "", True),
        ("s3://in/results/", "results/", "", True),
        ("s3://in/results/*.gz", "incoming/", "", False),
        ("s3://in/*.gz", "", ".dcm", False),
        ("s3://in/*.nii.gz", "", ".gz", True),
        ("s3://out/*.gz", "", "", False),
        ("s3://in", "", "", True),
    ],
)
def test_results_that_become_work(output: str, prefix: str, suffix: str, loops: bool) -> None:
    place = Resource("terraform", "aws_s3_bucket_notification", "", "n", {}, None)  # type: ignore[arg-type]
    assert bool(loop(output, [Notification(place, 0, "in", prefix, suffix)])) is loops
