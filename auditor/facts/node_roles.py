"""IAM roles that EC2 nodes run under, and what is attached to them beyond what a node needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts.iam_roles import Role, trusts_service
from auditor.facts.identities import Identities
from auditor.iam.documents import text
from auditor.model import Path, Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.identity import ROLE
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.views.terraform_values import referenced

if TYPE_CHECKING:
    from auditor.world import World

NODE_POLICIES = frozenset(
    {
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEKSWorkerNodeMinimalPolicy",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEKS_CNI_IPv6_Policy",
        "AmazonSSMManagedInstanceCore",
        "AmazonSSMManagedEC2InstanceDefaultPolicy",
    }
)
"""What the kubelet, image pulls, the network plugin and the SSM agent need.
https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html"""

_WORKER = ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy")
_EKSCTL_ADDONS = {
    "ebs": "withAddonPolicies.ebs",
    "efs": "withAddonPolicies.efs",
    "fsx": "withAddonPolicies.fsx",
    "externalDNS": "withAddonPolicies.externalDNS",
    "certManager": "withAddonPolicies.certManager",
    "autoScaler": "withAddonPolicies.autoScaler",
    "albIngress": "withAddonPolicies.albIngress",
    "awsLoadBalancerController": "withAddonPolicies.awsLoadBalancerController",
    "appMesh": "withAddonPolicies.appMesh",
    "xRay": "withAddonPolicies.xRay",
}
_MODULE_MAPS = ("iam_role_additional_policies", "node_iam_role_additional_policies")


class NodeRoles:
    """``facts.node_role``: ``{is_node, extras: [{name, at, ref}]}``.

    Of an ``aws_iam_role``, a module call or an eksctl file: whether nodes run under it, and each policy that a node
    does not need, with the path that attaches it ('' when another block does).
    """

    def __init__(self, world: World) -> None:
        self._world = world
        identities = world.get_fact("identity")
        assert isinstance(identities, Identities)
        self._roles = identities.roles
        self._named = {
            id(found) for group in world.kind("terraform", "aws_eks_node_group") for found in self._of(group)
        }

    def _of(self, group: Resource) -> Iterator[Resource]:
        found = referenced(self._world, group, group.body.get("node_role_arn"), ROLE)
        if found is not None:
            yield found

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        if resource.kind == ROLE:
            role = self._roles.at(resource)
            extras = list(self._extras(role)) if role else []
            return {"is_node": role is not None and self._is_node(role), "extras": extras}
        extras = list(
            _of_module(self._world, resource) if resource.kind == "module" else _of_eksctl(resource)
        )
        return {"is_node": bool(extras), "extras": [extra for extra in extras if extra["name"]]}

    def _is_node(self, role: Role) -> bool:
        if id(role.resource) in self._named:
            return True
        names = {each.name for each in role.policies}
        return trusts_service(role.resource, "ec2.amazonaws.com") and not names.isdisjoint(_WORKER)

    def _extras(self, role: Role) -> Iterator[dict[str, str]]:
        for each in role.policies:
            if each.name not in NODE_POLICIES:
                own = each.resource is role.resource
                at = render(role.resource.body, each.path[:1]) if own else ""
                yield {"name": each.name, "at": at, "ref": self._world.ref(each.resource, each.path)}


def _of_module(world: World, resource: Resource) -> Iterator[dict[str, str]]:
    """Additional policies of the eks module's node groups, their defaults and of its Karpenter submodule."""
    if resource.body.get("expanded") is True:
        return
    source = resource.body.get("source")
    if not isinstance(source, str) or "eks" not in source:
        return
    for path, listed in _maps(resource.body, ()):
        yield {"name": "", "at": "", "ref": ""}
        for key, value in listed.items():
            arn = text(value)
            name = arn.rsplit("/", 1)[-1] if "/" in arn and "${" not in arn.rsplit("/", 1)[-1] else key
            if name not in NODE_POLICIES:
                at = (*path, key)
                yield {"name": name, "at": render(resource.body, at), "ref": world.ref(resource, at)}


def _maps(body: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every map of additional policies in the call: at the top, in defaults, in each group."""
    if type(body) is not dict or len(path) > 2:
        return
    for key, value in body.items():
        if key in _MODULE_MAPS and type(value) is dict:
            yield (*path, key), value
        elif type(value) is dict and not isinstance(value, Unknown):
            yield from _maps(value, (*path, key))


def _of_eksctl(resource: Resource) -> Iterator[dict[str, str]]:
    for field in ("nodeGroups", "managedNodeGroups"):
        listed = resource.body.get(field)
        for index, group in enumerate(listed if type(listed) is list else ()):
            yield from _of_group(resource, (field, index, "iam"), dig(group, ("iam",)))


def _of_group(resource: Resource, path: Path, iam: Any) -> Iterator[dict[str, str]]:
    if type(iam) is not dict:
        return
    yield {"name": "", "at": "", "ref": ""}
    arns = iam.get("attachPolicyARNs")
    for index, arn in enumerate(arns if type(arns) is list else ()):
        name = str(arn).rsplit("/", 1)[-1]
        if name not in NODE_POLICIES:
            yield {"name": name, "at": render(resource.body, (*path, "attachPolicyARNs", index)), "ref": ""}
    if "attachPolicy" in iam:
        yield {"name": "attachPolicy", "at": render(resource.body, (*path, "attachPolicy")), "ref": ""}
    addons = iam.get("withAddonPolicies")
    for key, value in addons.items() if type(addons) is dict else ():
        if value is True and key in _EKSCTL_ADDONS:
            at = render(resource.body, (*path, "withAddonPolicies", key))
            yield {"name": _EKSCTL_ADDONS[key], "at": at, "ref": ""}
