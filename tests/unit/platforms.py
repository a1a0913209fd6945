"""A small platform, whole: queue, scaler, worker, role, node group, and everything beside the worker.

Tests break one thing in it and look at what becomes of the drawing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from auditor.audit import audit, collect, with_graphs
from auditor.options import Settings
from auditor.report import Graph
from auditor.sources.tree import Tree

APP = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: worker
  namespace: inference
  annotations: {eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/worker}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: inference}
spec:
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      serviceAccountName: worker
      nodeSelector: {workload: gpu}
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      containers:
        - name: worker
          image: example.com/worker:1.0
          ports: [{name: metrics, containerPort: 9000}]
          env:
            - {name: QUEUE_URL, value: "https://sqs.us-east-1.amazonaws.com/111122223333/jobs"}
          resources:
            requests: {cpu: "2", memory: 8Gi}
            limits: {memory: 8Gi, nvidia.com/gpu: 1}
      volumes:
        - name: models
          persistentVolumeClaim: {claimName: models}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: models, namespace: inference}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
"""

SCALER = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: worker, namespace: inference}
spec:
  scaleTargetRef: {name: worker}
  minReplicaCount: 0
  maxReplicaCount: 4
  triggers:
    - type: aws-sqs-queue
      metadata:
        queueURL: https://sqs.us-east-1.amazonaws.com/111122223333/jobs
        queueLength: "1"
        awsRegion: us-east-1
      authenticationRef: {name: worker-aws}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: worker-aws, namespace: inference}
spec: {podIdentity: {provider: aws}}
"""

NEIGHBOURS = """\
apiVersion: v1
kind: Service
metadata: {name: worker, namespace: inference, labels: {app: worker}}
spec: {selector: {app: worker}, ports: [{name: metrics, port: 9000}]}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: worker, namespace: inference}
spec: {selector: {matchLabels: {app: worker}}, endpoints: [{port: metrics}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: worker, namespace: inference}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: worker}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: inference}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""

TERRAFORM = """\
variable "account" {
  default = "111122223333"
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_eks_node_group" "gpu" {
  cluster_name    = "main"
  node_group_name = "gpu"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-0a"]
  instance_types  = ["g5.xlarge"]
  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 4
  }
  labels = { workload = "gpu" }
  taint {
    key    = "nvidia.com/gpu"
    value  = "present"
    effect = "NO_SCHEDULE"
  }
}

resource "aws_sqs_queue" "jobs" {
  name           = "jobs"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}

resource "aws_sqs_queue" "dead" {
  name = "jobs-dead"
}

resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.id
  policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.jobs.arn
    }]
  })
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = "uploads"
  queue {
    queue_arn = aws_sqs_queue.jobs.arn
    events    = ["s3:ObjectCreated:*"]
  }
}

resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "oidc.eks.us-east-1.amazonaws.com/id/A:sub" = "system:serviceaccount:inference:worker"
          "oidc.eks.us-east-1.amazonaws.com/id/A:aud" = "sts.amazonaws.com"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  role = aws_iam_role.worker.name
  policy = jsonencode({
    Statement = [{
      Effect = "Allow"
      Action = [
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
      ]
      Resource = aws_sqs_queue.jobs.arn
    }]
  })
}

resource "aws_iam_role" "keda" {
  name = "keda"
  assume_role_policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "oidc.eks.us-east-1.amazonaws.com/id/A:sub" = "system:serviceaccount:keda:keda-operator"
          "oidc.eks.us-east-1.amazonaws.com/id/A:aud" = "sts.amazonaws.com"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "keda" {
  role   = aws_iam_role.keda.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sqs:GetQueueAttributes", Resource = "*" }] })
}
"""

FILES = {
    "app/worker.yaml": APP,
    "app/scaler.yaml": SCALER,
    "app/beside.yaml": NEIGHBOURS,
    "infra/main.tf": TERRAFORM,
}
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def write_platform(root: Path, *changes: tuple[str, str], **more: str) -> Path:
    """The platform under ``root``, with each (old, new) text replaced, and ``more`` manifests by name."""
    for name, text in (FILES | {f"app/{name}.yaml": text for name, text in more.items()}).items():
        for old, new in changes:
            text = text.replace(old, new)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    assert all(any(old in text for text in FILES.values()) for old, _ in changes)
    return root


POLICIES = ("REL-020", "WRK-002")
"""Enough to grade with: containers need a readiness probe, queues a dead-letter queue."""


def graphs_of(root: Path, workload: str = "", limit: int = 0) -> tuple[Graph, ...]:
    """The joins of the tree's workloads, graded by ``POLICIES``."""
    settings = Settings(policies=POLICIES)
    run = audit(collect(Tree(root), settings), settings, scope="test", now=NOW)
    return with_graphs(run, settings, now=NOW, workload=workload, limit=limit).graphs
