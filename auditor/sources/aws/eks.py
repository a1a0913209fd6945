"""EKS: clusters, node groups, add-ons, who may enter, and Pod Identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.sources.aws.rows import LIVE, Found, Row, each, once
from auditor.sources.aws.session import Place
from auditor.sources.aws.shape import shaped

_CLUSTER = {
    "certificate_authority": "",
    "client_request_token": "",
    "connector_config": "",
    "health": "",
    "logging": "",
    "resources_vpc_config": "vpc_config",
}
_NODE_GROUP = {
    "auto_scaling_groups": "autoscaling_groups",
    "health": "",
    "node_role": "node_role_arn",
    "nodegroup_arn": "arn",
    "nodegroup_name": "node_group_name",
    "source_security_groups": "source_security_group_ids",
    "subnets": "subnet_ids",
    "taints": "taint",
}
_ADDON = {"addon_arn": "arn", "health": ""}
_ENTRY = {"username": "user_name"}
_ASSOCIATION = {"association_arn": "arn"}


@once
def clusters(place: Place) -> Found:
    """``aws_eks_cluster``; ``live`` has what EKS says of its health."""

    def one(name: str) -> Row | None:
        found = place.get("eks.describe_cluster", name=name).get("cluster")
        if not found:
            return None
        body = shaped(found, _CLUSTER)
        kinds = found.get("logging", {}).get("clusterLogging", ())
        body["enabled_cluster_log_types"] = [
            kind for each in kinds if each.get("enabled") for kind in each.get("types", ())
        ]
        body[LIVE] = {"status": found.get("status", ""), "issues": _issues(found)}
        return Row("aws_eks_cluster", found["arn"], body)

    return each(place, place.listed("eks.list_clusters"), one)


@once
def node_groups(place: Place) -> Found:
    """``aws_eks_node_group``; ``resources`` names its Auto Scaling groups, as in a state."""

    def one(named: tuple[str, str]) -> Row | None:
        found = place.get("eks.describe_nodegroup", clusterName=named[0], nodegroupName=named[1]).get(
            "nodegroup"
        )
        if not found:
            return None
        body = shaped(found, _NODE_GROUP)
        body[LIVE] = {"status": found.get("status", ""), "issues": _issues(found)}
        return Row("aws_eks_node_group", found["nodegroupArn"], body)

    return each(place, _parts(place, "eks.list_nodegroups"), one)


def addons(place: Place) -> Found:
    """``aws_eks_addon``."""

    def one(named: tuple[str, str]) -> Row | None:
        found = place.get("eks.describe_addon", clusterName=named[0], addonName=named[1]).get("addon")
        if not found:
            return None
        body = shaped(found, _ADDON)
        body[LIVE] = {"status": found.get("status", ""), "issues": _issues(found)}
        return Row("aws_eks_addon", found["addonArn"], body)

    return each(place, _parts(place, "eks.list_addons"), one)


def access_entries(place: Place) -> Found:
    """``aws_eks_access_entry``; ``live.policies`` are the access policies that go with it."""

    def one(named: tuple[str, str]) -> Row | None:
        given = {"clusterName": named[0], "principalArn": named[1]}
        found = place.get("eks.describe_access_entry", **given).get("accessEntry")
        if not found:
            return None
        policies = place.listed("eks.list_associated_access_policies", **given)
        body = shaped(found, _ENTRY)
        body[LIVE] = {"policies": [each["policyArn"].rsplit("/", 1)[-1] for each in policies]}
        return Row("aws_eks_access_entry", found["accessEntryArn"], body)

    return each(place, _parts(place, "eks.list_access_entries"), one)


def pod_identities(place: Place) -> Found:
    """``aws_eks_pod_identity_association``."""

    def one(named: tuple[str, Any]) -> Row | None:
        found = place.get(
            "eks.describe_pod_identity_association",
            clusterName=named[0],
            associationId=named[1]["associationId"],
        ).get("association")
        if not found:
            return None
        return Row("aws_eks_pod_identity_association", found["associationArn"], shaped(found, _ASSOCIATION))

    return each(place, _parts(place, "eks.list_pod_identity_associations"), one)


def _parts(place: Place, call: str) -> Iterator[tuple[str, Any]]:
    """(cluster, part) of every cluster."""
    for cluster in place.listed("eks.list_clusters"):
        for part in place.listed(call, clusterName=cluster):
            yield cluster, part


def _issues(found: dict[str, Any]) -> list[str]:
    listed = found.get("health", {}).get("issues", ())
    return [f"{each.get('code', '')}: {each.get('message', '')}" for each in listed]
