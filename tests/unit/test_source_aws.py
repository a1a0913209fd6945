"""The AWS source: what it reads, in which shape, and what it says of what it may not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)
from botocore.stub import Stubber
from moto import mock_aws

from auditor.engine import Engine
from auditor.errors import UsageError
from auditor.model import Status, Verdict
from auditor.sources.aws.refusals import DENIED, THROTTLED, refused
from auditor.sources.aws.services import chosen
from auditor.sources.aws.session import Place
from auditor.sources.aws.shape import shaped, snake
from auditor.sources.aws.source import AwsSource, read_place
from auditor.sources.live import Needs, Reading, Request
from auditor.world import World
from tests.unit.aws_accounts import (
    CLUSTER,
    NOW,
    REGION,
    bodies,
    client,
    make_cluster,
    make_node_group,
    place,
    session,
    target,
)
from tests.unit.worlds import policy


@pytest.fixture
def aws() -> Iterator[None]:
    """A mocked account."""
    with mock_aws():
        yield


def needs(*kinds: str) -> Needs:
    """A run whose one policy judges these Terraform types."""
    wanted = policy(match={"kinds": [f"terraform/{kind}" for kind in kinds]})
    return Needs([wanted], frozenset(), frozenset(), NOW)


def client_error(code: str, status: int = 400, message: str = "") -> ClientError:
    """What boto3 raises."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "Operation")


class Stubbed:
    """A session whose clients answer what they were told to, or fail as they were told to."""

    region_name = REGION

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}

    def client(self, service: str, *_: object, **__: object) -> Any:
        if service not in self._clients:
            self._clients[service] = made = client(service)
            self._stubs[service] = Stubber(made)
            self._stubs[service].activate()
        return self._clients[service]

    def answer(self, service: str, operation: str, response: dict[str, Any]) -> Stubbed:
        self.client(service)
        self._stubs[service].add_response(operation, response)
        return self

    def fail(self, service: str, operation: str, code: str, status: int = 400) -> Stubbed:
        self.client(service)
        self._stubs[service].add_client_error(operation, code, "no", status)
        return self


def read_stubbed(stubbed: Stubbed, *kinds: str) -> Reading:
    """What the source makes of stubbed answers, which are in an order: one reader after the other."""
    at = Place(stubbed, "123456789012", REGION, workers=1)
    services = [each for each in chosen(kinds) if not set(kinds).isdisjoint(each.kinds)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auditor.sources.aws.source._READERS_AT_ONCE", 1)
        return read_place(at, services, NOW)


def judged(reading: Reading, **fields: Any) -> list[Verdict]:
    """Verdicts of one policy on a reading."""
    return Engine([policy(**fields)]).judge(World(reading.targets[0]))


@pytest.mark.usefixtures("aws")
def test_a_node_group_has_the_shape_of_a_terraform_state() -> None:
    make_cluster()
    make_node_group()
    (body,) = bodies(target("aws_eks_node_group"), "aws_eks_node_group")
    assert body["node_group_name"] == "gpu"
    assert body["cluster_name"] == CLUSTER
    assert body["scaling_config"] == [{"min_size": 0, "max_size": 4, "desired_size": 0}]
    assert body["taint"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}]
    assert body["labels"] == {"k8s.amazonaws.com/accelerator": "nvidia-a10g"}
    assert body["resources"][0]["autoscaling_groups"][0]["name"].startswith("eks-")


@pytest.mark.usefixtures("aws")
def test_a_cluster_has_the_shape_of_a_terraform_state() -> None:
    make_cluster()
    (body,) = bodies(target("aws_eks_cluster"), "aws_eks_cluster")
    assert body["enabled_cluster_log_types"] == ["api", "audit"]
    assert body["encryption_config"][0]["provider"] == [
        {"key_arn": "arn:aws:kms:eu-west-1:123456789012:key/k"}
    ]
    assert body["tags"] == {"team": "imaging"}


@pytest.mark.usefixtures("aws")
def test_a_bucket_without_a_public_access_block_blocks_nothing() -> None:
    client("s3").create_bucket(
        Bucket="scans-of-patients", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    found = target("aws_s3_bucket")
    (body,) = bodies(found, "aws_s3_bucket_public_access_block")
    assert body["block_public_acls"] is False
    (shown,) = World(found).instances("Bucket")
    assert shown.value["public_access_block"]["restrict_public_buckets"] is False


@pytest.mark.usefixtures("aws")
def test_what_the_account_blocks_counts_for_its_buckets() -> None:
    client("s3").create_bucket(
        Bucket="scans-of-patients", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client("s3control").put_public_access_block(
        AccountId="123456789012", PublicAccessBlockConfiguration=dict.fromkeys(flags, True)
    )
    (body,) = bodies(target("aws_s3_bucket"), "aws_s3_bucket_public_access_block")
    assert body["block_public_acls"] is True
    assert body["live"] == {"own": dict.fromkeys(sorted(set(body) - {"bucket", "live"}), False)}


@pytest.mark.usefixtures("aws")
def test_buckets_of_other_regions_are_left_to_their_region() -> None:
    there = session().client("s3", region_name="us-west-2")
    there.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert bodies(target("aws_s3_bucket"), "aws_s3_bucket") == []


@pytest.mark.usefixtures("aws")
def test_a_queue_keeps_its_redrive_policy_and_counts_its_messages() -> None:
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName="jobs-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    url = sqs.create_queue(
        QueueName="jobs", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "900"}
    )["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="scan")
    found = target("aws_sqs_queue")
    body = next(each for each in bodies(found, "aws_sqs_queue") if each["name"] == "jobs")
    assert body["visibility_timeout_seconds"] == 900
    assert body["live"]["messages"] == 1
    shown = {each.value["name"]: each.value for each in World(found).instances("Queue")}
    assert shown["jobs"]["dlq"]["name"] == "jobs-dlq"
    assert shown["jobs-dlq"]["is_dlq"] is True


@pytest.mark.usefixtures("aws")
def test_keys_of_people_are_known_by_four_characters() -> None:
    iam = client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    found = target("aws_iam_access_key")
    (body,) = bodies(found, "aws_iam_access_key")
    assert body["status"] == "Active"
    assert key[-4:] in body["id"]
    assert key not in json.dumps([each.body for each in found.resources], default=str)
    assert all(key not in each.name for each in found.resources)


@pytest.mark.usefixtures("aws")
def test_roles_are_joined_to_the_policies_they_name_by_arn() -> None:
    iam = client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
    allow = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::scans/*"}],
    }
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))
    arn = iam.create_policy(PolicyName="read-scans", PolicyDocument=json.dumps(allow))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    from auditor.facts.identities import Identities

    identities = World(target("aws_iam_role", "aws_eks_pod_identity_association")).get_fact("identity")
    assert isinstance(identities, Identities)
    (role,) = identities.roles().named("worker")
    assert role.permissions.decide("s3:GetObject", "arn:aws:s3:::scans/1").outcome.name == "ALLOWED"
    assert role.permissions.decide("s3:PutObject", "arn:aws:s3:::scans/1").outcome.name == "DENIED"


@pytest.mark.usefixtures("aws")
def test_only_what_somebody_asks_for_is_read() -> None:
    at = place()
    read_place(at, chosen({"aws_sqs_queue"}), NOW)
    assert at.made == {"sqs.list_queues"}
    (reading,) = AwsSource(Request("aws"), session()).read(needs("aws_kms_key"))
    reach = reading.targets[0].reach
    assert reach is not None
    assert ("terraform", "aws_kms_key") in reach.read
    assert ("terraform", "aws_sqs_queue") in reach.skipped


@pytest.mark.usefixtures("aws")
def test_each_reader_makes_only_the_calls_that_it_declares() -> None:
    make_cluster()
    make_node_group()
    client("s3").create_bucket(
        Bucket="scans-of-patients", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    client("sqs").create_queue(QueueName="jobs")
    client("iam").create_user(UserName="bob")
    client("iam").create_access_key(UserName="bob")
    client("kms").create_key()
    client("ecr").create_repository(repositoryName="worker")
    for service in chosen(None):
        at = place()
        read_place(at, [service], NOW)
        assert at.made <= set(service.calls), service.reader


@pytest.mark.parametrize("code", sorted(DENIED))
def test_every_spelling_of_a_denial_is_not_assessed_and_names_the_action(code: str) -> None:
    reading = read_stubbed(Stubbed().fail("sqs", "list_queues", code, 403), "aws_sqs_queue")
    (verdict,) = judged(reading, match={"view": "Queue"})
    assert verdict.status is Status.NOT_ASSESSED
    assert "sqs:ListQueues" in verdict.reason
    assert '"Action": "sqs:ListQueues"' in verdict.repair
    assert [problem.what for problem in reading.problems] == [verdict.reason]


def test_a_denial_by_status_alone_is_one_too() -> None:
    found = refused(client_error("Whatever", 403), "kms:ListKeys", "aws:1/r")
    assert '"Action": "kms:ListKeys"' in found.unknown.repair


def test_an_explicit_deny_is_said_to_be_one() -> None:
    message = "not authorized to perform: sqs:ListQueues with an explicit deny in a service control policy"
    found = refused(client_error("AccessDenied", 403, message), "sqs:ListQueues", "aws:1/r")
    assert found.unknown.repair.startswith("a service control policy denies sqs:ListQueues")


@pytest.mark.parametrize(
    ("error", "repair"),
    [
        (client_error("ExpiredToken", 403), "sign in again"),
        (client_error("RequestTimeTooSkewed", 403), "clock"),
        (client_error("Throttling", 400), "run again later"),
        (client_error("SomethingNew", 429), "run again later"),
        (client_error("InternalError", 500), "run again"),
        (NoCredentialsError(), "sign in"),
        (UnauthorizedSSOTokenError(), "aws sso login"),
        (EndpointConnectionError(endpoint_url="https://sqs"), "network"),
        (ConnectTimeoutError(endpoint_url="https://sqs"), "network"),
        (ReadTimeoutError(endpoint_url="https://sqs"), "network"),
    ],
)
def test_what_is_no_denial_has_a_repair_of_its_own(error: Exception, repair: str) -> None:
    found = refused(error, "sqs:ListQueues", "aws:1/r")
    assert repair in found.unknown.repair
    assert "Allow" not in found.unknown.repair


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_throttling_is_neither_pass_nor_fail(code: str) -> None:
    reading = read_stubbed(Stubbed().fail("sqs", "list_queues", code), "aws_sqs_queue")
    assert [each.status for each in judged(reading, match={"view": "Queue"})] == [Status.NOT_ASSESSED]


def test_a_queue_that_may_not_be_read_leaves_the_others_judged() -> None:
    urls = [f"https://sqs.{REGION}.amazonaws.com/123456789012/{name}" for name in ("open", "closed")]
    stubbed = Stubbed().answer("sqs", "list_queues", {"QueueUrls": urls})
    stubbed.answer("sqs", "get_queue_attributes", {"Attributes": {"VisibilityTimeout": "30"}})
    stubbed.answer("sqs", "list_queue_tags", {})
    stubbed.fail("sqs", "get_queue_attributes", "AccessDenied", 403)
    stubbed.answer("sqs", "list_queue_tags", {})
    reading = read_stubbed(stubbed, "aws_sqs_queue")
    verdicts = judged(reading, match={"view": "Queue"}, **{"assert": "queue.visibility_timeout > 60"})
    assert {each.resource.name.rsplit(":", 1)[1]: each.status for each in verdicts} == {
        "open": Status.FAIL,
        "closed": Status.NOT_ASSESSED,
    }
    assert "sqs:GetQueueAttributes" in verdicts[1].repair


def test_an_alarm_that_could_not_be_seen_is_not_missing() -> None:
    stubbed = Stubbed().fail("cloudwatch", "describe_alarms", "AccessDenied", 403)
    url = f"https://sqs.{REGION}.amazonaws.com/123456789012/jobs"
    stubbed.answer("sqs", "list_queues", {"QueueUrls": [url]})
    stubbed.answer("sqs", "get_queue_attributes", {"Attributes": {}}).answer("sqs", "list_queue_tags", {})
    reading = read_stubbed(stubbed, "aws_sqs_queue", "aws_cloudwatch_metric_alarm")
    world = World(reading.targets[0])
    from auditor.unknown import UnknownUsed

    with pytest.raises(UnknownUsed, match="cloudwatch:DescribeAlarms"):
        world.kind("terraform", "aws_cloudwatch_metric_alarm")


def test_an_answer_that_aws_does_not_document_is_a_row() -> None:
    stubbed = Stubbed().answer("kms", "list_keys", {"Keys": [{"KeyArn": "arn:aws:kms:::key/1234"}]})
    reading = read_stubbed(stubbed, "aws_kms_key")
    assert "KeyError" in reading.problems[0].what
    assert judged(reading, match={"kinds": ["terraform/aws_kms_key"]})[0].status is Status.NOT_ASSESSED


def product(usd: str, unit: str = "Hrs") -> str:
    """One entry of the price list."""
    dimension = {"unit": unit, "pricePerUnit": {"USD": usd}}
    return json.dumps(
        {
            "publicationDate": "2026-04-01T00:00:00Z",
            "terms": {"OnDemand": {"a": {"priceDimensions": {"b": dimension}}}},
        }
    )


def test_prices_come_from_the_price_list_when_it_is_allowed_and_unambiguous() -> None:
    stubbed = Stubbed().answer("eks", "list_clusters", {"clusters": []})
    stubbed.answer("ec2", "describe_launch_templates", {"LaunchTemplates": []})
    group = {
        "AutoScalingGroupName": "gpu",
        "AutoScalingGroupARN": "arn:group",
        "MinSize": 0,
        "MaxSize": 1,
        "DesiredCapacity": 0,
        "DefaultCooldown": 1,
        "AvailabilityZones": [],
        "HealthCheckType": "EC2",
        "CreatedTime": datetime(2026, 1, 1, tzinfo=UTC),
        "MixedInstancesPolicy": {
            "LaunchTemplate": {"Overrides": [{"InstanceType": "g5.xlarge"}, {"InstanceType": "g6.xlarge"}]}
        },
    }
    stubbed.answer("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": [group]})
    stubbed.answer("autoscaling", "describe_scaling_activities", {"Activities": []})
    stubbed.answer("pricing", "get_products", {"PriceList": [product("1.1239"), product("0.0")]})
    stubbed.answer("pricing", "get_products", {"PriceList": [product("0.9"), product("0.8")]})
    world = World(read_stubbed(stubbed, "aws_ec2_price").targets[0])
    found = world.price("g5.xlarge", REGION)
    assert found is not None
    assert (found.usd_per_hour, found.as_of, found.source) == (1.1239, "2026-04-01", "AWS price list")
    assert world.price("g6.xlarge", REGION) is None
    assert world.price("g5.xlarge", "us-east-1") is not None


def test_a_declared_price_wins_over_the_price_list() -> None:
    from auditor.model import Resource, Target
    from auditor.sources.live import live_origin
    from auditor.world import Surroundings

    body = {"instance_type": "g5.xlarge", "region": REGION, "usd_per_hour": 2.0, "as_of": "2026-04-01"}
    told = Resource("terraform", "aws_ec2_price", "", "price", body, live_origin("aws:1", "aws", "price"))
    world = World(Target("aws:1", "live", "aws:1", [told]), around=Surroundings(prices={"g5.xlarge": 0.5}))
    found = world.price("g5.xlarge", REGION)
    assert found is not None
    assert found.usd_per_hour == 0.5


def test_whether_a_type_has_gpus_is_what_ec2_says() -> None:
    from auditor.model import Resource, Target
    from auditor.sources.live import live_origin

    def live(kind: str, body: dict[str, Any]) -> Resource:
        return Resource("terraform", kind, "", kind, body, live_origin("aws:1", "aws", kind))

    gpus = [{"name": "B400", "manufacturer": "NVIDIA", "count": 8, "memory_info": [{"size_in_mib": 300000}]}]
    told = live("data.aws_ec2_instance_type", {"instance_type": "x9gd.xlarge", "gpus": gpus})
    group = live("aws_eks_node_group", {"node_group_name": "new", "instance_types": ["x9gd.xlarge"]})
    (shown,) = World(Target("aws:1", "live", "aws:1", [told, group])).instances("NodeGroup")
    assert shown.value["is_gpu"] is True
    assert shown.value["gpu"]["count"] == 8
    assert shown.value["gpu"]["resource"] == "nvidia.com/gpu"


@pytest.mark.usefixtures("aws")
def test_a_key_in_a_start_script_is_found_and_never_kept() -> None:
    import base64

    key = "AKIA" + "Q3EGT7WZ5XN2KLMV"
    script = f"#!/bin/sh\nexport AWS_ACCESS_KEY_ID={key}\nexport DB_PASSWORD=hunter2hunter2\n"
    client("ec2").create_launch_template(
        LaunchTemplateName="gpu-template",
        LaunchTemplateData={"UserData": base64.b64encode(script.encode()).decode()},
    )
    found = target("aws_launch_template")
    (body,) = bodies(found, "aws_launch_template")
    assert key not in str(body)
    assert "hunter2" not in str(body)
    from auditor.catalog import load_builtin

    rule = next(each for each in load_builtin() if each.code == "IAM-065")
    (verdict,) = Engine([rule]).judge(World(found))
    assert verdict.status is Status.FAIL


def test_addons_entries_and_associations_have_the_shape_of_terraform() -> None:
    stubbed = Stubbed().answer("eks", "list_clusters", {"clusters": [CLUSTER]})
    stubbed.answer("eks", "list_addons", {"addons": ["vpc-cni"]})
    addon = {
        "addonName": "vpc-cni",
        "clusterName": CLUSTER,
        "addonVersion": "v1.20.0",
        "addonArn": "arn:addon",
        "configurationValues": '{"enableNetworkPolicy": "true"}',
    }
    stubbed.answer("eks", "describe_addon", {"addon": addon})
    stubbed.answer("eks", "list_access_entries", {"accessEntries": ["arn:aws:iam::1:user/bob"]})
    entry = {
        "clusterName": CLUSTER,
        "principalArn": "arn:aws:iam::1:user/bob",
        "accessEntryArn": "arn:entry",
        "type": "STANDARD",
        "username": "bob",
        "createdAt": datetime(2026, 1, 2, tzinfo=UTC),
    }
    stubbed.answer("eks", "describe_access_entry", {"accessEntry": entry})
    admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    stubbed.answer(
        "eks", "list_associated_access_policies", {"associatedAccessPolicies": [{"policyArn": admin}]}
    )
    stubbed.answer("eks", "list_pod_identity_associations", {"associations": [{"associationId": "a-1"}]})
    association = {
        "associationArn": "arn:association",
        "associationId": "a-1",
        "clusterName": CLUSTER,
        "namespace": "inference",
        "serviceAccount": "worker",
        "roleArn": "arn:aws:iam::1:role/worker",
    }
    stubbed.answer("eks", "describe_pod_identity_association", {"association": association})
    kinds = ("aws_eks_addon", "aws_eks_access_entry", "aws_eks_pod_identity_association")
    reading = read_stubbed(stubbed, *kinds)
    assert not [problem.what for problem in reading.problems]
    found = reading.targets[0]
    (addon_body,) = bodies(found, "aws_eks_addon")
    assert (addon_body["addon_name"], addon_body["configuration_values"]) == (
        "vpc-cni",
        '{"enableNetworkPolicy": "true"}',
    )
    (entry_body,) = bodies(found, "aws_eks_access_entry")
    assert (entry_body["user_name"], entry_body["created_at"]) == ("bob", "2026-01-02T00:00:00Z")
    assert entry_body["live"] == {"policies": ["AmazonEKSClusterAdminPolicy"]}
    (association_body,) = bodies(found, "aws_eks_pod_identity_association")
    assert association_body["role_arn"] == "arn:aws:iam::1:role/worker"


@pytest.mark.usefixtures("aws")
def test_an_account_that_cannot_be_entered_leaves_the_others_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.client import BaseClient

    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "AssumeRole":
            if arguments.get("ExternalId") != "secret":
                raise client_error("AccessDenied", 403)
            assert arguments["RoleSessionName"] == "auditor"
        return real(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    roles = [
        {"role_arn": "arn:aws:iam::222222222222:role/auditor"},
        {"role_arn": "arn:aws:iam::333333333333:role/auditor", "external_id": "secret"},
    ]
    request = Request("aws", "", {"accounts": roles, "regions": [REGION, "us-west-2"]})
    shut, one, two = AwsSource(request, session()).read(needs("aws_iam_role", "aws_sqs_queue"))
    assert "sts:AssumeRole" in shut.problems[0].what
    assert [each.kind for each in shut.targets[0].resources] == []
    assert judged(shut, match={"view": "Queue"})[0].status is Status.NOT_ASSESSED
    assert (one.label, two.label) == (f"aws:333333333333/{REGION}", "aws:333333333333/us-west-2")
    assert not one.problems
    assert two.targets[0].ties == [one.targets[0].name]


def test_a_run_without_credentials_or_region_says_so() -> None:
    bare = boto3.Session()
    bare._session.get_component("credential_provider").providers = []
    (reading,) = AwsSource(Request("aws", "", {"regions": [REGION]}), bare).read(needs("aws_sqs_queue"))
    assert "no AWS credentials" in reading.problems[0].what
    nowhere = Stubbed()
    nowhere.region_name = ""
    (reading,) = AwsSource(Request("aws"), nowhere).read(needs("aws_sqs_queue"))
    assert "--aws-region" in reading.problems[0].repair


def test_options_that_cannot_be_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="unknown field `acount`"):
        AwsSource(Request("aws", "", {"acount": 1}))


def test_clients_retry_adaptively_and_give_up_in_time() -> None:
    sqs = place()._client("sqs")
    assert (sqs.meta.config.connect_timeout, sqs.meta.config.read_timeout) == (5, 20)
    assert sqs.meta.config.retries["mode"] == "adaptive"


def test_names_become_terraforms() -> None:
    assert [snake(name) for name in ("KmsKeyId", "TargetGroupARNs", "VPCZoneIdentifier", "nodegroupArn")] == [
        "kms_key_id",
        "target_group_arns",
        "vpc_zone_identifier",
        "nodegroup_arn",
    ]
    given = {"Ebs": {"VolumeSize": 8}, "Tags": [{"Key": "team", "Value": "imaging"}], "labels": {"A": "b"}}
    assert shaped(given) == {"ebs": [{"volume_size": 8}], "tags": {"team": "imaging"}, "labels": {"A": "b"}}
