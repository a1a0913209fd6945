"""Whether network policies are enforced, and how pods in private subnets reach AWS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.terraform_companions import names_owner
from auditor.views.terraform_values import readable, targets_of

if TYPE_CHECKING:
    from auditor.world import World

_ENGINES = regex(
    r"(calico|tigera|cilium|antrea|kube-router|weave-net|aws-network-policy-agent)", re.IGNORECASE
)
_POLICIES = (("networking.k8s.io", "NetworkPolicy"), ("networking.k8s.aws", "ApplicationNetworkPolicy"))
_SERVICE = regex(r"(?:^|\.)([a-z0-9-]+(?:\.(?:api|dkr))?)$")


class PolicyEngine:
    """``facts.policy_engine`` of a cluster: ``{policies, engine, refs}``.

    How many NetworkPolicies the target and its ties hold, and which engine other than the VPC CNI would enforce
    them (the name of what was found, else '').
    """

    def __init__(self, world: World) -> None:
        policies = [each for group, kind in _POLICIES for each in world.kind(group, kind)]
        self._value = {
            "policies": len(policies),
            "engine": _engine(world),
            "refs": [world.ref(each) for each in policies[:3]],
        }

    def of(self, instance: Instance) -> dict[str, Any]:
        """See the class."""
        del instance
        return self._value


def _engine(world: World) -> str:
    for group, kind in (
        ("apps", "DaemonSet"),
        ("operator.tigera.io", "Installation"),
        ("argoproj.io", "Application"),
    ):
        for each in world.kind(group, kind):
            if kind == "Installation" or _ENGINES.search(each.name):
                return each.title
    for kind in ("helm_release", "module"):
        for each in world.kind("terraform", kind):
            text = " ".join(
                readable(each.body.get(name)) for name in ("chart", "name", "source", "repository")
            )
            flags = [name for name in each.body if name.startswith("enable_") and each.body[name] is True]
            if _ENGINES.search(text) or _ENGINES.search(" ".join(flags)):
                return each.title
    return ""


class Endpoints:
    """``facts.vpc_endpoints`` of an aws_vpc or a call of the vpc module: ``{nat, services, gateways, known}``.

    ``nat`` is whether private subnets leave through a NAT gateway of this VPC; ``services`` the services with an
    endpoint in it (``s3``, ``sqs``, ``ecr.api``); ``gateways`` those with one of type Gateway. ``known`` is Unknown
    where endpoints are declared whose VPC or service cannot be told.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._endpoints = world.kind("terraform", "aws_vpc_endpoint")
        self._modules = world.kind("terraform", "module")

    def of(self, instance: Instance) -> dict[str, Any]:
        """See the class."""
        vpc = instance.resource
        services: set[str] = set()
        gateways: set[str] = set()
        known: bool | Unknown = True
        for each in self._endpoints:
            service = service_of(each.body.get("service_name"))
            if service == "":
                known = Unknown(f"the service of {each.name} is not known", "write the service's name")
            services.add(service)
            if each.body.get("vpc_endpoint_type", "Gateway") == "Gateway":
                gateways.add(service)
        for each in self._modules:
            listed = each.body.get("endpoints")
            source = each.body.get("source")
            if isinstance(source, str) and "vpc-endpoints" in source:
                if type(listed) is not dict:
                    known = Unknown(f"the endpoints of {each.name} are not known", "audit a plan")
                    continue
                services |= {service_of(get_service(key, row)) for key, row in listed.items()}
        return {
            "nat": self._nat(vpc),
            "services": sorted(services),
            "gateways": sorted(gateways),
            "known": known,
        }

    def _nat(self, vpc: Resource) -> Any:
        if vpc.kind == "module":
            value = vpc.body.get("enable_nat_gateway", False)
            return value if isinstance(value, Unknown) else value in (True, "true")
        ids = {vpc.body["id"]} if type(vpc.body.get("id")) is str else set()
        inside = [
            each
            for each in self._world.kind("terraform", "aws_subnet")
            if names_owner(each.body.get("vpc_id"), vpc, ids)
        ]
        subnets, known = {each.name for each in inside}, {str(each.body.get("id", "")) for each in inside}
        return any(
            each.body.get("subnet_id") in known
            if type(each.body.get("subnet_id")) is str
            else any(
                address.partition("[")[0] in {name.partition("[")[0] for name in subnets}
                for address, _ in targets_of(each.body.get("subnet_id"))
            )
            for each in self._world.kind("terraform", "aws_nat_gateway")
        )


def get_service(key: str, row: Any) -> Any:
    """The service of one entry of the vpc-endpoints module."""
    return row.get("service", row.get("service_name", key)) if type(row) is dict else key


def service_of(name: Any) -> str:
    """``ecr.api`` of ``com.amazonaws.eu-central-1.ecr.api``; '' where it cannot be told."""
    text = name if isinstance(name, str) else readable(name)
    found = _SERVICE.search(text)
    return found.group(1) if found else ""
