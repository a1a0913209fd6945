"""Security groups and the networks that EKS clusters lie in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.sources.aws import eks
from auditor.sources.aws.rows import Found, Row, all_rows
from auditor.sources.aws.session import Place
from auditor.sources.aws.shape import shaped, tag_map

_RENAMED = {"owner_id": "", "state": "", "vpc_endpoint_id": "id", "subnet_id": "id", "nat_gateway_id": "id"}


def security_groups(place: Place) -> Found:
    """``aws_security_group`` of the clusters' networks, with its rules inline as a state has them."""
    vpcs = set(cluster_vpcs(place))
    for found in place.listed("ec2.describe_security_groups"):
        if found.get("VpcId") not in vpcs:
            continue
        kind = "aws_default_security_group" if found["GroupName"] == "default" else "aws_security_group"
        body = {
            "id": found["GroupId"],
            "name": found["GroupName"],
            "description": found.get("Description", ""),
            "vpc_id": found.get("VpcId", ""),
            "ingress": [_rule(each, found) for each in found.get("IpPermissions", ())],
            "egress": [_rule(each, found) for each in found.get("IpPermissionsEgress", ())],
            "tags": tag_map(found.get("Tags")),
        }
        yield Row(kind, _arn(place, "security-group", found["GroupId"]), body)


def _rule(found: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
    v4, v6 = found.get("IpRanges", ()), found.get("Ipv6Ranges", ())
    others = [each.get("GroupId", "") for each in found.get("UserIdGroupPairs", ())]
    said = [each["Description"] for each in (*v4, *v6) if each.get("Description")]
    return {
        "protocol": found.get("IpProtocol", "-1"),
        "from_port": found.get("FromPort", 0),
        "to_port": found.get("ToPort", 0),
        "cidr_blocks": [each["CidrIp"] for each in v4],
        "ipv6_cidr_blocks": [each["CidrIpv6"] for each in v6],
        "prefix_list_ids": [each["PrefixListId"] for each in found.get("PrefixListIds", ())],
        "security_groups": [each for each in others if each != group["GroupId"]],
        "self": group["GroupId"] in others,
        "description": said[0] if said else "",
    }


def vpcs(place: Place) -> Found:
    """``aws_vpc`` of the clusters."""
    mine = set(cluster_vpcs(place))
    for found in place.listed("ec2.describe_vpcs"):
        if found["VpcId"] in mine:
            body = shaped(found, {**_RENAMED, "vpc_id": "id"})
            yield Row("aws_vpc", _arn(place, "vpc", found["VpcId"]), body)


def subnets(place: Place) -> Found:
    """``aws_subnet`` of the clusters' networks."""
    return _inside(place, "ec2.describe_subnets", "aws_subnet", "subnet", "SubnetId")


def endpoints(place: Place) -> Found:
    """``aws_vpc_endpoint`` of the clusters' networks."""
    return _inside(place, "ec2.describe_vpc_endpoints", "aws_vpc_endpoint", "vpc-endpoint", "VpcEndpointId")


def nat_gateways(place: Place) -> Found:
    """``aws_nat_gateway`` of the clusters' networks."""
    mine = set(cluster_vpcs(place))
    for found in place.listed("ec2.describe_nat_gateways"):
        if found.get("VpcId") in mine and found.get("State") in ("available", "pending"):
            body = shaped(found, {"state": "", "nat_gateway_id": "id"})
            yield Row("aws_nat_gateway", _arn(place, "natgateway", found["NatGatewayId"]), body)


def flow_logs(place: Place) -> Found:
    """``aws_flow_log`` of the clusters' networks."""
    mine = set(cluster_vpcs(place))
    for found in place.listed("ec2.describe_flow_logs"):
        if found.get("ResourceId") in mine:
            body = shaped(found) | {"vpc_id": found["ResourceId"]}
            yield Row("aws_flow_log", _arn(place, "vpc-flow-log", found["FlowLogId"]), body)


def cluster_vpcs(place: Place) -> Iterator[str]:
    """Ids of the networks that EKS clusters lie in. Raises Refused where clusters may not be read."""
    for row in all_rows(eks.clusters(place)):
        for network in row.body.get("vpc_config", ()):
            if network.get("vpc_id"):
                yield network["vpc_id"]


def _inside(place: Place, call: str, kind: str, arn: str, key: str) -> Iterator[Row]:
    mine = set(cluster_vpcs(place))
    for found in place.listed(call):
        if found.get("VpcId") in mine:
            yield Row(kind, _arn(place, arn, found[key]), shaped(found, _RENAMED))


def _arn(place: Place, kind: str, name: str) -> str:
    return f"arn:{place.partition}:ec2:{place.region}:{place.account}:{kind}/{name}"
