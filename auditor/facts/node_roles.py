"""IAM roles that EC2 nodes run under, and what is attached to them beyond what a node needs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.data.iam_actions import managed
from auditor.facts.iam_roles import AWS_MANAGED, Attached, Role, trusts_service
from auditor.facts.identities import Identities
from auditor.iam import ROLE
from auditor.iam.documents import from_statements
from auditor.iam.patterns import Match, match_action
from auditor.model import Path, Resource
from auditor.paths import render
from auditor.unknown import Unknown
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

_IPV6 = (
    "ec2:AssignIpv6Addresses",
    "ec2:CreateTags",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeTags",
)
"""What the network plugin needs for IPv6; AWS manages no policy for it.
https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html#cni-iam-role-create-ipv6-policy"""

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
        self._roles = identities.roles()
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
        if resource.kind == "module":
            is_node = _is_eks_module(resource) and any(_maps(resource.body, ()))
            return {"is_node": is_node, "extras": list(self._of_module(resource)) if is_node else []}
        rows = list(_of_eksctl(resource))
        return {"is_node": bool(rows), "extras": [row for row in rows if row["name"]]}

    def _is_node(self, role: Role) -> bool:
        if id(role.resource) in self._named:
            return True
        names = {each.name for each in role.policies}
        return trusts_service(role.resource, "ec2.amazonaws.com") and not names.isdisjoint(_WORKER)

    def _extras(self, role: Role) -> Iterator[Any]:
        for each in role.policies:
            beyond = beyond_node(each)
            if beyond is False:
                continue
            own = each.resource is role.resource
            at = render(role.resource.body, each.path[:1]) if own else ""
            row = {"name": name_of(each), "at": at, "ref": self._world.ref(each.resource, each.path)}
            yield beyond if isinstance(beyond, Unknown) else row

    def _of_module(self, resource: Resource) -> Iterator[Any]:
        """Additional policies of the eks module's node groups, of their defaults and of its Karpenter submodule."""
        for path, listed in _maps(resource.body, ()):
            for key, value in listed.items():
                at = (*path, key)
                attached = self._roles.policy(resource, value, at)
                beyond = beyond_node(attached)
                row = {"name": name_of(attached, key), "at": render(resource.body, at)}
                row["ref"] = "" if attached.home is None else self._world.ref(attached.home)
                if beyond is not False:
                    yield beyond if isinstance(beyond, Unknown) else row


def name_of(attached: Attached, otherwise: str = "a policy") -> str:
    """The last part of a policy's name or ARN; ``otherwise`` when it is known only after apply."""
    name = attached.name.rsplit("/", 1)[-1]
    return otherwise if "${" in name else name


def beyond_node(attached: Attached) -> Any:
    """Whether a policy grants what no node needs; Unknown where neither name nor document tells."""
    if name_of(attached, "") in NODE_POLICIES:
        return False
    document = attached.document
    if isinstance(document, Unknown):
        return True if AWS_MANAGED in attached.arn and name_of(attached, "") else document
    allowed = [each for each in document.known if each.allows is True]
    named = [
        action for each in allowed for action in (each.actions if isinstance(each.actions, tuple) else ("*",))
    ]
    return not all(_is_of_nodes(action) for action in named)


def _is_of_nodes(action: str) -> bool:
    return any(match_action(each, action) is Match.COVERS for each in (*_node_actions(), *_IPV6))


@cache
def _node_actions() -> tuple[str, ...]:
    """Every action of the policies that nodes need, as far as their documents are known here."""
    found = [managed(f"arn:aws{AWS_MANAGED}{name}") or [] for name in sorted(NODE_POLICIES)]
    documents = [from_statements(statements) for statements in found]
    return tuple(
        action
        for document in documents
        for each in document.known
        for action in (each.actions if isinstance(each.actions, tuple) else ())
    )


def _is_eks_module(resource: Resource) -> bool:
    source = resource.body.get("source")
    return resource.body.get("expanded") is not True and isinstance(source, str) and "eks" in source


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
