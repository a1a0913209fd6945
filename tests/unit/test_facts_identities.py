"""ServiceAccount ↔ role ↔ trust ↔ permissions, on small trees and on the platform of the scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.model import Resource
from auditor.sources.git import GitSource
from auditor.sources.tree import Tree
from auditor.targets import arrange
from auditor.unknown import Unknown
from auditor.world import World

HEAD = """
provider "aws" {
  region = "us-east-1"
}
resource "aws_eks_cluster" "main" { name = "main" }
resource "aws_iam_openid_connect_provider" "eks" {
  url = aws_eks_cluster.main.identity[0].oidc[0].issuer
}
"""


def role(name: str, account: str, attached: str = "") -> str:
    """A role that trusts ``namespace:name`` by a condition whose key is known after apply."""
    return f"""
resource "aws_iam_role" "{name}" {{
  name = "{name}"
  assume_role_policy = jsonencode({{
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = {{ Federated = aws_iam_openid_connect_provider.eks.arn }}
      Condition = {{ StringEquals = {{
        "${{replace(aws_iam_openid_connect_provider.eks.url, "https://", "")}}:sub" = "system:serviceaccount:{account}"
        "${{replace(aws_iam_openid_connect_provider.eks.url, "https://", "")}}:aud" = "sts.amazonaws.com"
      }} }}
    }}]
  }})
}}
{attached}
"""


def account(name: str, arn: str = "", namespace: str = "inference") -> str:
    note = f"\n  annotations: {{eks.amazonaws.com/role-arn: '{arn}'}}" if arn else ""
    return f"---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: {namespace}{note}\n"


def deployment(name: str, account_name: str, more: str = "") -> str:
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: inference{more}}}
spec:
  template:
    spec:
      serviceAccountName: {account_name}
      containers:
        - name: worker
          image: example/worker:1
          env: [{{name: QUEUE, value: "https://sqs.us-east-1.amazonaws.com/111122223333/jobs"}}]
"""


class Place:
    """A tree with Terraform and manifests, tied as in an audit."""

    def __init__(self, folder: Path, terraform: str, manifests: str = "") -> None:
        (folder / "main.tf").write_text(HEAD + terraform)
        if manifests:
            (folder / "app.yaml").write_text(manifests)
        inventory = GitSource(Tree(folder)).collect()
        assert inventory.problems == []
        targets, _ = arrange(inventory.targets, {})
        by_name = {target.name: target for target in targets}
        self.worlds = [World(target, [by_name[tie] for tie in target.ties]) for target in targets]

    def find(self, name: str) -> tuple[World, Resource]:
        """A resource by Terraform address or by ``Kind/name``."""
        for world in self.worlds:
            for found in world.target.resources:
                if name in (found.name, f"{found.kind}/{found.name}"):
                    return world, found
        raise LookupError(name)

    def identity(self, name: str, view: str = "Identity", fact: str = "identity") -> Any:
        world, found = self.find(name)
        return world.fact(fact, world.instances_of(view, found)[0])

    def line(self, name: str, ref: str) -> str:
        """``file:line`` of a ref."""
        world, _ = self.find(name)
        resolved = world.resolve(ref)
        assert resolved is not None
        place = resolved[0].origin.locate(resolved[1])
        return f"{place.file}:{place.span.line if place.span else 0}"


ARN = "arn:aws:iam::111122223333:role/worker"


def test_an_annotated_account_meets_the_role_that_trusts_it(tmp_path: Path) -> None:
    place = Place(tmp_path, role("worker", "inference:worker"), account("worker", ARN))
    found = place.identity("ServiceAccount/worker")
    assert (found["hows"], found["role"]["found"], found["role"]["trusts"]) == (["irsa"], True, True)
    assert place.line("ServiceAccount/worker", found["role"]["ref"]).startswith("main.tf:")


@pytest.mark.parametrize("other", ["inference:other", "default:worker"])
def test_a_role_for_another_account_does_not_trust_it(tmp_path: Path, other: str) -> None:
    found = Place(tmp_path, role("worker", other), account("worker", ARN)).identity("ServiceAccount/worker")
    assert found["role"]["trusts"] is False
    assert found["role"]["said"] == other.replace(":", "/")


def test_a_terraform_account_meets_its_role_by_reference(tmp_path: Path) -> None:
    accounts = """
resource "kubernetes_service_account_v1" "worker" {
  metadata {
    name        = "worker"
    namespace   = "inference"
    annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.worker.arn }
  }
}
"""
    place = Place(tmp_path, role("worker", "inference:worker") + accounts)
    assert place.identity("kubernetes_service_account_v1.worker")["role"]["trusts"] is True


def test_a_role_that_is_not_here_is_unknown_and_not_missing(tmp_path: Path) -> None:
    arn = "arn:aws:iam::999999999999:role/elsewhere"
    found = Place(tmp_path, role("worker", "inference:worker"), account("app", arn)).identity(
        "ServiceAccount/app"
    )
    assert isinstance(found["role"]["found"], Unknown)


@pytest.mark.parametrize("text", ["${ROLE_ARN}", "arn:aws:iam::{{ .Values.account }}:role/x", "<role arn>"])
def test_a_placeholder_is_filled_in_elsewhere(tmp_path: Path, text: str) -> None:
    found = Place(tmp_path, "", account("app", text)).identity("ServiceAccount/app")
    assert isinstance(found["role"]["formed"], Unknown)


def test_takers_of_a_role_are_counted_once_over_trust_annotation_and_association(tmp_path: Path) -> None:
    association = """
resource "aws_eks_pod_identity_association" "batch" {
  namespace       = "inference"
  service_account = "batch"
  role_arn        = aws_iam_role.worker.arn
}
"""
    place = Place(tmp_path, role("worker", "inference:worker", association), account("worker", ARN))
    assert place.identity("aws_iam_role.worker")["names"] == ["inference/worker", "inference/batch"]


POLICY = """
resource "aws_sqs_queue" "jobs" { name = "jobs" }
resource "aws_iam_policy" "worker" {
  name   = "worker"
  policy = data.aws_iam_policy_document.worker.json
}
data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.jobs.arn]
  }
}
resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.worker.arn
}
"""
SCALER = """---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: worker, namespace: inference}
spec:
  scaleTargetRef: {name: worker}
  triggers:
    - type: aws-sqs-queue
      metadata: {queueURL: "https://sqs.us-east-1.amazonaws.com/111122223333/jobs", awsRegion: us-east-1}
"""


def test_needs_of_a_queue_worker_are_held_against_its_role(tmp_path: Path) -> None:
    manifests = account("worker", ARN) + deployment("worker", "worker") + SCALER
    place = Place(tmp_path, role("worker", "inference:worker", POLICY), manifests)
    found = place.identity("Deployment/worker", "PodSpec")
    assert {row["action"]: row["granted"] for row in found["needs"]} == {
        "sqs:ReceiveMessage": True,
        "sqs:DeleteMessage": False,
        "sqs:ChangeMessageVisibility": False,
        "sqs:GetQueueAttributes": True,
    }


def test_needs_are_unknown_where_a_policy_is_not_here(tmp_path: Path) -> None:
    attached = """
resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = "arn:aws:iam::111122223333:policy/elsewhere"
}
"""
    manifests = account("worker", ARN) + deployment("worker", "worker") + SCALER
    place = Place(tmp_path, role("worker", "inference:worker", attached), manifests)
    needs = place.identity("Deployment/worker", "PodSpec")["needs"]
    assert len(needs) == 4
    assert all(isinstance(row["granted"], Unknown) for row in needs)


def test_a_permissions_boundary_takes_away(tmp_path: Path) -> None:
    boundary = """
resource "aws_iam_policy" "boundary" {
  name   = "boundary"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*" }] })
}
"""
    terraform = role("worker", "inference:worker", POLICY + boundary).replace(
        'name = "worker"', 'name = "worker"\n  permissions_boundary = aws_iam_policy.boundary.arn', 1
    )
    manifests = account("worker", ARN) + deployment("worker", "worker") + SCALER
    needs = Place(tmp_path, terraform, manifests).identity("Deployment/worker", "PodSpec")["needs"]
    assert [row["granted"] for row in needs] == [False] * 4


def test_what_calls_aws_is_seen_in_environment_and_arguments(tmp_path: Path) -> None:
    place = Place(tmp_path, role("other", "inference:other"), account("bare") + deployment("worker", "bare"))
    calls = place.identity("Deployment/worker", "PodSpec", "aws_calls")
    assert [call["what"] for call in calls] == ["https://sqs.us-east-1.amazonaws.com/111122223333/jobs"]
    assert place.identity("Deployment/worker", "PodSpec")["has"] is False


def test_without_the_terraform_of_identities_nothing_is_missing(tmp_path: Path) -> None:
    place = Place(tmp_path, "", account("bare") + deployment("worker", "bare"))
    assert isinstance(place.identity("Deployment/worker", "PodSpec")["has"], Unknown)


MODULE = """
module "irsa" {
  source    = "terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts-eks"
  role_name = "worker"
  role_policy_arns = { s3 = "arn:aws:iam::aws:policy/AmazonS3FullAccess" }
  oidc_providers = {
    main = {
      provider_arn               = aws_iam_openid_connect_provider.eks.arn
      namespace_service_accounts = ["inference:worker"]
    }
  }
}
module "pods" {
  source       = "terraform-aws-modules/eks-pod-identity/aws"
  name         = "batch"
  associations = { main = { cluster_name = "main", namespace = "inference", service_account = "batch" } }
}
"""


def test_roles_of_modules_that_are_not_here_are_read_from_their_inputs(tmp_path: Path) -> None:
    place = Place(tmp_path, MODULE, account("worker", ARN) + account("batch"))
    assert place.identity("ServiceAccount/worker")["role"]["trusts"] is True
    assert [row["name"] for row in place.identity("module.irsa")["broad"]] == ["AmazonS3FullAccess"]
    assert place.identity("ServiceAccount/batch")["hows"] == ["pod-identity"]


def test_eksctl_gives_accounts_roles_too(tmp_path: Path) -> None:
    cluster = """---
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: main, region: us-east-1}
iam:
  serviceAccounts:
    - metadata: {name: worker, namespace: inference}
      attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]
  podIdentityAssociations:
    - {namespace: inference, serviceAccountName: batch, roleARN: "arn:aws:iam::111122223333:role/batch"}
"""
    place = Place(tmp_path, "", cluster + deployment("worker", "worker") + deployment("batch", "batch"))
    hows = {
        name: place.identity(f"Deployment/{name}", "PodSpec")["mechanisms"] for name in ("worker", "batch")
    }
    assert {name: [each["how"] for each in rows] for name, rows in hows.items()} == {
        "worker": ["eksctl"],
        "batch": ["pod-identity"],
    }


def test_a_role_nobody_uses_is_told_from_one_whose_namespace_is_elsewhere(tmp_path: Path) -> None:
    terraform = role("here", "inference:gone") + role("there", "elsewhere:app")
    place = Place(tmp_path, terraform, account("worker") + deployment("worker", "worker"))
    assert [row["used"] for row in place.identity("aws_iam_role.here")["idle"]] == [False]
    assert place.identity("aws_iam_role.there")["idle"] == []
