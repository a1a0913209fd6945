"""Clusters and security rules as one view each, and facts about Terraform roots."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from auditor.model import Resource, Target
from auditor.sources.terraform import TerraformOrigin
from auditor.terraform.model import TfResource
from auditor.unknown import Unknown
from auditor.world import Surroundings, World

CLUSTER = {"name": "c", "version": "1.33", "vpc_config": [{"subnet_ids": []}]}


def terraform(kind: str, body: dict[str, Any], name: str = "") -> Resource:
    """A block of a file that nobody reads."""
    address = name or f"{kind}.x"
    files = {"main.tf": b""}
    origin = TerraformOrigin(files.__getitem__, TfResource(dict(body), "main.tf", 1, address=address))  # type: ignore[arg-type]
    return Resource("terraform", kind, "", address, body, origin)


def on_day(today: date | None, resources: list[Resource]) -> World:
    """The world of one Terraform target, on a day."""
    return World(Target("t", "terraform", ".", resources), around=Surroundings(today=today))


def seen(view: str, *resources: Resource, today: date | None = None) -> list[dict[str, Any]]:
    """What a view shows of the first resource."""
    world = on_day(today, list(resources))
    return [each.value for each in world.instances_of(view, resources[0])]


def module(**inputs: Any) -> dict[str, Any]:
    call = terraform("module", {"source": "terraform-aws-modules/eks/aws", **inputs}, "module.eks")
    return seen("EksCluster", call)[0]


@pytest.mark.parametrize(
    ("version", "public", "private"),
    [("~> 18.31", True, False), ("19.21.0", False, True), ("~> 20.0", False, True), ("21.3.1", False, True)],
)
def test_defaults_of_the_endpoint_follow_the_modules_version(
    version: str, public: bool, private: bool
) -> None:
    assert module(version=version)["endpoint"] == {
        "public": public,
        "private": private,
        "cidrs": ["0.0.0.0/0"],
    }


def test_version_21_of_the_module_drops_the_prefix() -> None:
    found = module(version="~> 21.0", name="n", kubernetes_version="1.34", endpoint_public_access=True)
    assert (found["name"], found["version"], found["endpoint"]["public"]) == ("n", "1.34", True)


def test_the_modules_own_version_is_not_the_clusters() -> None:
    assert module(version="1.30")["version"] == ""


@pytest.mark.parametrize(
    ("version", "config", "encrypted"),
    [
        ("18.0", None, False),
        ("18.0", [{"provider_key_arn": "k", "resources": ["secrets"]}], True),
        ("20.0", None, True),
        ("20.0", {}, False),
        ("21.0", {"provider_key_arn": "k"}, True),
    ],
)
def test_the_module_encrypts_secrets_by_default_since_19(version: str, config: Any, encrypted: bool) -> None:
    inputs = {} if config is None else {"cluster_encryption_config": config}
    assert module(version=version, **inputs)["encryption"]["secrets"] is encrypted


def test_other_modules_and_copies_in_the_tree_are_no_clusters() -> None:
    for body in (
        {"source": "terraform-aws-modules/vpc/aws"},
        {"source": "terraform-aws-modules/eks/aws//modules/karpenter"},
        {"source": "terraform-aws-modules/eks/aws", "expanded": True},
        {"source": "terraform-aws-modules/eks/aws", "create": False},
    ):
        assert seen("EksCluster", terraform("module", body)) == []


def test_the_add_ons_configuration_is_read_as_data() -> None:
    addon = terraform(
        "aws_eks_addon",
        {
            "cluster_name": "c",
            "addon_name": "vpc-cni",
            "configuration_values": '{"enableNetworkPolicy": "true"}',
        },
    )
    found = seen("EksCluster", terraform("aws_eks_cluster", CLUSTER), addon)[0]
    assert found["addons"]["vpc-cni"]["configuration"] == {"enableNetworkPolicy": "true"}


def test_the_configuration_of_an_add_on_may_be_yaml() -> None:
    found = module(addons={"vpc-cni": {"configuration_values": "enableNetworkPolicy: 'true'\n"}})
    assert found["addons"]["vpc-cni"]["configuration"] == {"enableNetworkPolicy": "true"}


@pytest.mark.parametrize(
    ("today", "support"),
    [(date(2026, 7, 28), "standard"), (date(2026, 7, 29), "extended"), (date(2027, 7, 29), "ended")],
)
def test_support_is_read_on_the_day_of_the_run(today: date, support: str) -> None:
    cluster = terraform("aws_eks_cluster", CLUSTER)
    world = on_day(today, [cluster])
    assert world.fact("eks_support", world.instances("EksCluster")[0])["support"] == support


def test_without_a_day_support_is_unknown() -> None:
    world = World(Target("t", "terraform", ".", [terraform("aws_eks_cluster", CLUSTER)]))
    assert isinstance(world.fact("eks_support", world.instances("EksCluster")[0]), Unknown)


def test_every_protocol_means_every_port() -> None:
    rule = terraform("aws_vpc_security_group_ingress_rule", {"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"})
    found = seen("SecurityRule", rule)[0]
    assert (found["protocol"], found["from"], found["to"], found["cidrs"]) == ("-1", 0, 65535, ["0.0.0.0/0"])


def test_rules_of_a_group_know_their_direction() -> None:
    group = terraform(
        "aws_security_group",
        {"ingress": [{"from_port": "22", "to_port": "22", "protocol": 6}], "egress": [{"protocol": "-1"}]},
    )
    found = [(each["direction"], each["protocol"], each["from"]) for each in seen("SecurityRule", group)]
    assert found == [("ingress", "tcp", 22), ("egress", "-1", 0)]


def unknowns(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path of a body, the body itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [found for key, item in items for found in unknowns(item, (*path, key))]
    return ([path] if path else []) + below


def with_unknown(value: Any, path: tuple[Any, ...]) -> Any:
    if not path:
        return Unknown("not known")
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = with_unknown(value[path[0]], path[1:])
    return made


BODIES = {
    "aws_eks_cluster": {
        "name": "c",
        "version": "1.33",
        "vpc_config": [{"endpoint_public_access": True, "public_access_cidrs": ["10.0.0.0/8"]}],
        "enabled_cluster_log_types": ["audit"],
        "encryption_config": [{"resources": ["secrets"], "provider": [{"key_arn": "k"}]}],
        "upgrade_policy": [{"support_type": "STANDARD"}],
        "compute_config": [{"enabled": False}],
        "deletion_protection": True,
    },
    "module": {
        "source": "terraform-aws-modules/eks/aws",
        "version": "20.1",
        "cluster_name": "c",
        "cluster_encryption_config": {"resources": ["secrets"]},
        "cluster_addons": {"vpc-cni": {"configuration_values": "{}"}},
        "cluster_endpoint_public_access": True,
        "node_security_group_additional_rules": {"a": {"type": "ingress", "self": True, "protocol": "tcp"}},
    },
    "aws_security_group": {
        "ingress": [
            {"from_port": 1, "to_port": 2, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"], "self": True}
        ],
        "egress": [{"protocol": "-1", "prefix_list_ids": ["pl"], "security_groups": ["sg"]}],
    },
    "aws_vpc_security_group_egress_rule": {"ip_protocol": "tcp", "cidr_ipv6": "::/0", "from_port": 1},
    "aws_ecr_registry_scanning_configuration": {"rule": [{"scan_frequency": "SCAN_ON_PUSH"}]},
    "aws_vpc_endpoint": {"service_name": "com.amazonaws.x.s3", "vpc_endpoint_type": "Gateway"},
    "aws_eks_addon": {"cluster_name": "c", "addon_name": "vpc-cni", "configuration_values": "{}"},
    "aws_ebs_encryption_by_default": {"enabled": True},
}


@pytest.mark.parametrize("kind", BODIES)
def test_any_value_may_be_unknown(kind: str) -> None:
    body = BODIES[kind]
    for path in unknowns(body):
        resource = terraform(kind, with_unknown(body, path))
        cluster = terraform("aws_eks_cluster", CLUSTER, "aws_eks_cluster.other")
        world = on_day(date(2026, 1, 1), [resource, cluster])
        for instance in [*world.instances("EksCluster"), *world.instances("SecurityRule")]:
            for fact in FACTS[instance.view]:
                world.fact(fact, instance)


FACTS = {
    "EksCluster": ("eks_support", "policy_engine", "root", "referrers", "vpc_endpoints", "cluster_version"),
    "SecurityRule": ("root", "referrers"),
}


def test_a_name_without_its_block_is_told_from_one_that_is_known_later() -> None:
    container = Resource(
        "v1", "Pod", "ns", "p", {"spec": {"containers": [CONTAINER]}}, terraform("x", {}).origin
    )
    known = terraform("aws_s3_bucket", {"bucket": "scans"}, "aws_s3_bucket.a")
    later = terraform("aws_s3_bucket", {"bucket": Unknown("later")}, "aws_s3_bucket.b")
    for made, found in (([], True), ([known], False), ([known, later], None)):
        world = World(Target("t", "loose", ".", [container, *made]))
        row = world.fact("named_parts", world.instances("Container")[0])["all"][0]
        assert (None if isinstance(row["found"], Unknown) else row["found"]) is found


CONTAINER = {"name": "c", "image": "i", "env": [{"name": "OUTPUT_BUCKET", "value": "results"}]}
