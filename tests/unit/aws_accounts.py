"""A small platform in a mocked AWS account: what a healthy one and a faulty one hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3

from auditor.model import Target
from auditor.sources.aws.services import chosen
from auditor.sources.aws.session import Place
from auditor.sources.aws.source import read_place
from auditor.sources.live import Reading

REGION = "eu-west-1"
NOW = datetime(2026, 4, 24, 12, tzinfo=UTC)
CLUSTER = "inference"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
TRUST_EC2 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)


def client(service: str) -> Any:
    """A client with made-up credentials, for use inside ``mock_aws``."""
    return boto3.client(
        service, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )


def session() -> boto3.Session:
    """A session with made-up credentials."""
    return boto3.Session("testing", "testing", region_name=REGION)


def place(account: str = "123456789012") -> Place:
    """The mocked account as the source sees it."""
    return Place(session(), account, REGION, workers=1)


def reading(*kinds: str, at: Place | None = None) -> Reading:
    """What the source reads of the kinds (all: none given)."""
    return read_place(at or place(), chosen(set(kinds) or None), NOW)


def target(*kinds: str) -> Target:
    """The target of :func:`reading`."""
    return reading(*kinds).targets[0]


def bodies(found: Target, kind: str) -> list[dict[str, Any]]:
    """Bodies of the resources of a kind."""
    return [each.body for each in found.resources if each.kind == kind]


def make_cluster(version: str = "1.33", **more: Any) -> None:
    """An EKS cluster in the default network."""
    subnets = client("ec2").describe_subnets()["Subnets"]
    client("eks").create_cluster(
        name=CLUSTER,
        version=version,
        roleArn="arn:aws:iam::123456789012:role/cluster",
        resourcesVpcConfig={"subnetIds": [each["SubnetId"] for each in subnets[:2]]},
        tags={"team": "imaging"},
        **{
            "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
            "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": KEY}}],
            **more,
        },
    )


def make_node_group(name: str = "gpu", *, minimum: int = 0, taints: Any = None, **more: Any) -> str:
    """A managed node group of GPUs; its name."""
    subnets = client("ec2").describe_subnets()["Subnets"]
    given = {
        "subnets": [each["SubnetId"] for each in subnets[:2]],
        "labels": {"k8s.amazonaws.com/accelerator": "nvidia-a10g"},
        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}]
        if taints is None
        else taints,
        **more,
    }
    found = client("eks").create_nodegroup(
        clusterName=CLUSTER,
        nodegroupName=name,
        scalingConfig={"minSize": minimum, "maxSize": 4, "desiredSize": minimum},
        instanceTypes=["g5.xlarge"],
        nodeRole="arn:aws:iam::123456789012:role/node",
        **given,
    )
    made: str = found["nodegroup"]["nodegroupName"]
    return made
