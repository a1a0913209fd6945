"""One policy, one verdict: from Terraform's code, from a plan, from the AWS API and from a Node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from moto import mock_aws

from auditor import audit
from auditor.catalog import load_builtin
from auditor.engine import Engine
from auditor.model import Resource, Status, Target
from auditor.options import Settings
from auditor.reach import Reach
from auditor.sources.live import live_origin
from auditor.sources.tree import Tree
from auditor.targets import arrange
from auditor.world import World
from tests.unit.aws_accounts import CLUSTER, client, make_cluster, make_node_group, target

TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}
NODE_TAINT = {**TAINT, "effect": "NoSchedule"}
LABELS = {"k8s.amazonaws.com/accelerator": "nvidia-a10g"}
PASS, FAIL, NONE = Status.PASS, Status.FAIL, None


class Row(NamedTuple):
    """Verdicts that the good and the bad platform get; the last column is a Node's (None: it is not asked)."""

    code: str
    kind: str
    good: Status
    bad: Status
    node: tuple[Status | None, Status | None] = (NONE, NONE)


TABLE = (
    Row("GPU-001", "aws_eks_node_group", PASS, FAIL, (PASS, FAIL)),
    Row("ZRO-001", "aws_eks_node_group", PASS, FAIL),
    Row("ZRO-019", "aws_eks_node_group", PASS, FAIL),
    Row("OBS-006", "aws_eks_cluster", PASS, FAIL),
    Row("TF-004", "aws_eks_cluster", PASS, FAIL),
    Row("COST-049", "aws_sqs_queue", PASS, FAIL),
    Row("TF-044", "aws_sqs_queue", PASS, FAIL),
    Row("TF-030", "aws_s3_bucket", PASS, FAIL),
    Row("TF-031", "aws_s3_bucket", PASS, FAIL),
    Row("IMG-003", "aws_ecr_repository", PASS, FAIL),
    Row("TF-020", "aws_kms_key", PASS, FAIL),
    Row("IAM-010", "aws_launch_template", PASS, FAIL),
    Row("IAM-060", "aws_iam_role", PASS, FAIL),
)


def trust(principal: dict[str, str]) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def public(queue_arn: str) -> str:
    """A queue policy that lets everybody send."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue_arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ARN = "arn:aws:sqs:eu-west-1:123456789012:"
TAGS = {"team": "imaging", "app": "worker", "env": "prod", "owner": "imaging", "cost-center": "4711"}


def blocks(*, good: bool) -> dict[str, dict[str, Any]]:
    """The platform as Terraform's arguments, by address."""
    redrive = json.dumps({"deadLetterTargetArn": f"{ARN}jobs-dlq", "maxReceiveCount": 3})
    jobs: dict[str, Any] = {"name": "jobs", "tags": TAGS if good else {}}
    if good:
        jobs["redrive_policy"] = redrive
    else:
        jobs["policy"] = public(f"{ARN}jobs")
    cluster = {
        "name": CLUSTER,
        "version": "1.33",
        "role_arn": "arn:aws:iam::123456789012:role/cluster",
        "vpc_config": [{"subnet_ids": ["subnet-a", "subnet-b"]}],
        "enabled_cluster_log_types": ["audit", "authenticator"] if good else ["api"],
        "tags": TAGS,
    }
    if good:
        cluster["encryption_config"] = [
            {"resources": ["secrets"], "provider": [{"key_arn": "arn:aws:kms:k"}]}
        ]
    group = {
        "cluster_name": CLUSTER,
        "node_group_name": "gpu",
        "node_role_arn": "arn:aws:iam::123456789012:role/node",
        "subnet_ids": ["subnet-a", "subnet-b"] if good else ["subnet-a"],
        "instance_types": ["g5.xlarge"],
        "labels": LABELS if good else {},
        "scaling_config": [{"min_size": 0 if good else 1, "max_size": 4, "desired_size": 0 if good else 1}],
        "tags": TAGS,
    }
    if good:
        group["taint"] = [TAINT]
    found = {
        "aws_eks_cluster.main": cluster,
        "aws_eks_node_group.gpu": group,
        "aws_sqs_queue.jobs": jobs,
        "aws_s3_bucket.scans": {"bucket": "scans-of-patients", "tags": TAGS},
        "aws_s3_bucket_versioning.scans": {
            "bucket": "scans-of-patients",
            "versioning_configuration": [{"status": "Enabled" if good else "Suspended"}],
        },
        "aws_s3_bucket_public_access_block.scans": {
            "bucket": "scans-of-patients",
            **dict.fromkeys(
                ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"),
                good,
            ),
        },
        "aws_ecr_repository.worker": {
            "name": "worker",
            "image_tag_mutability": "IMMUTABLE" if good else "MUTABLE",
            "tags": TAGS,
        },
        "aws_kms_key.data": {"enable_key_rotation": good},
        "aws_launch_template.gpu": {
            "name": "gpu-template",
            "metadata_options": [
                {"http_tokens": "required" if good else "optional", "http_put_response_hop_limit": 1}
            ],
        },
        "aws_iam_role.worker": {
            "name": "worker",
            "assume_role_policy": trust({"Service": "ec2.amazonaws.com"} if good else {"AWS": "*"}),
        },
    }
    if good:
        found["aws_sqs_queue.dlq"] = {"name": "jobs-dlq", "tags": TAGS, "message_retention_seconds": 1209600}
    return found


def in_terraform(folder: Path, *, good: bool) -> Target:
    """The target of .tf.json code."""
    resource: dict[str, Any] = {}
    for address, body in blocks(good=good).items():
        kind, name = address.split(".")
        resource.setdefault(kind, {})[name] = body
    (folder / "main.tf.json").write_text(json.dumps({"resource": resource}))
    return only_terraform(folder)


def in_a_plan(folder: Path, *, good: bool) -> Target:
    """The target of what ``terraform show -json`` prints."""
    rows = [
        {
            "address": address,
            "mode": "managed",
            "type": address.split(".")[0],
            "name": address.split(".")[1],
            "values": body,
        }
        for address, body in blocks(good=good).items()
    ]
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": rows}}}
    (folder / "plan.json").write_text(json.dumps(plan))
    return only_terraform(folder)


def only_terraform(folder: Path) -> Target:
    """The Terraform target of a folder."""
    inventory = audit.collect(Tree(folder), Settings())
    assert not inventory.problems
    (found,) = [each for each in arrange(inventory.targets, {})[0] if each.kind == "terraform"]
    return found


def in_an_account(*, good: bool) -> Target:
    """The target of a mocked account in which the same was made."""
    subnets = [each["SubnetId"] for each in client("ec2").describe_subnets()["Subnets"][:2]]
    made = blocks(good=good)
    cluster = made["aws_eks_cluster.main"]
    logging = {"clusterLogging": [{"types": cluster["enabled_cluster_log_types"], "enabled": True}]}
    make_cluster(
        logging=logging,
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:k"}}]
        if good
        else [],
    )
    make_node_group(
        minimum=0 if good else 1,
        taints=[TAINT] if good else [],
        labels=LABELS if good else {},
        subnets=subnets if good else subnets[:1],
    )
    make_queues(made, good=good)
    make_bucket(made)
    client("ecr").create_repository(
        repositoryName="worker",
        imageTagMutability=made["aws_ecr_repository.worker"]["image_tag_mutability"],
    )
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    if good:
        client("kms").enable_key_rotation(KeyId=key)
    tokens = made["aws_launch_template.gpu"]["metadata_options"][0]["http_tokens"]
    client("ec2").create_launch_template(
        LaunchTemplateName="gpu-template",
        LaunchTemplateData={"MetadataOptions": {"HttpTokens": tokens, "HttpPutResponseHopLimit": 1}},
    )
    client("iam").create_role(
        RoleName="worker", AssumeRolePolicyDocument=made["aws_iam_role.worker"]["assume_role_policy"]
    )
    return target()


def make_queues(made: dict[str, dict[str, Any]], *, good: bool) -> None:
    """The queues of :func:`blocks`."""
    sqs = client("sqs")
    if good:
        sqs.create_queue(QueueName="jobs-dlq", tags=TAGS)
    jobs = made["aws_sqs_queue.jobs"]
    names = {"RedrivePolicy": "redrive_policy", "Policy": "policy"}
    given = {name: jobs[argument] for name, argument in names.items() if argument in jobs}
    sqs.create_queue(QueueName="jobs", Attributes=given, tags=jobs["tags"])


def make_bucket(made: dict[str, dict[str, Any]]) -> None:
    """The bucket of :func:`blocks`."""
    s3, name = client("s3"), "scans-of-patients"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    stated = made["aws_s3_bucket_versioning.scans"]["versioning_configuration"][0]["status"]
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": stated})
    flags = made["aws_s3_bucket_public_access_block.scans"]
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": flags["block_public_acls"],
            "IgnorePublicAcls": flags["ignore_public_acls"],
            "BlockPublicPolicy": flags["block_public_policy"],
            "RestrictPublicBuckets": flags["restrict_public_buckets"],
        },
    )


def as_a_node(*, good: bool) -> Target:
    """The target of a cluster with a node of the group."""
    labels = {"node.kubernetes.io/instance-type": "g5.xlarge", **(LABELS if good else {})}
    node: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "gpu-1", "labels": labels},
        "spec": {"taints": [NODE_TAINT] if good else []},
    }
    origin = live_origin("cluster:test", "cluster", "Node/gpu-1")
    resource = Resource("v1", "Node", "", "gpu-1", node, origin)
    reach = Reach("kubernetes", frozenset({("", "Node")}))
    return Target("cluster:test", "live", "cluster:test", [resource], source="cluster", reach=reach)


def verdicts(found: Target) -> dict[tuple[str, str], Status]:
    """The worst status of each policy of the table, by code and kind."""
    order = [Status.NOT_APPLICABLE, Status.PASS, Status.NOT_ASSESSED, Status.ERROR, Status.FAIL]
    codes = {row.code for row in TABLE}
    chosen = [each for each in load_builtin() if each.code in codes]
    worst: dict[tuple[str, str], Status] = {}
    for verdict in Engine(chosen).judge(World(found)):
        key = (verdict.policy, verdict.resource.kind)
        worst[key] = max(worst.get(key, Status.NOT_APPLICABLE), verdict.status, key=order.index)
    return worst


@pytest.fixture(scope="module", params=[True, False], ids=["good", "bad"])
def platform(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[bool, dict[str, dict[tuple[str, str], Status]]]]:
    """Whether it is the good one, and the verdicts of each source on it."""
    good = bool(request.param)
    with mock_aws():
        found = {
            "terraform": in_terraform(tmp_path_factory.mktemp("code"), good=good),
            "plan": in_a_plan(tmp_path_factory.mktemp("plan"), good=good),
            "aws": in_an_account(good=good),
            "node": as_a_node(good=good),
        }
        yield good, {name: verdicts(each) for name, each in found.items()}


@pytest.mark.parametrize("row", TABLE, ids=[row.code for row in TABLE])
def test_the_same_verdict_from_every_source(
    platform: tuple[bool, dict[str, dict[tuple[str, str], Status]]], row: Row
) -> None:
    good, found = platform
    wanted = row.good if good else row.bad
    told = {name: found[name].get((row.code, row.kind)) for name in ("terraform", "plan", "aws")}
    assert told == {"terraform": wanted, "plan": wanted, "aws": wanted}
    if any(row.node):
        assert found["node"][(row.code, "Node")] is row.node[0 if good else 1]
