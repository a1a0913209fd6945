"""IAM roles of Terraform: who may take them on, and what they may do, gathered from every block that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.policy_statements import statements_of
from auditor.views.terraform_companions import companions
from auditor.views.terraform_values import blocks, get, targets_of

if TYPE_CHECKING:
    from auditor.world import World

_MODULE = re.compile(r"terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts(-eks)?\b")
_POD_IDENTITY = re.compile(r"terraform-aws-modules/eks-pod-identity/aws")


class Role(Struct, eq=False):
    """One role. ``trust`` and ``statements`` are lists as in :mod:`auditor.views.policy_statements`, each
    statement with the block and path it stands in; ``unread`` says which attached policies are not here."""

    resource: Resource
    name: Any
    trust: list[dict[str, Any]] | Unknown
    trust_path: Path
    statements: list[tuple[dict[str, Any], Resource, Path]] = field(default_factory=list)
    managed: list[Any] = field(default_factory=list)
    unread: list[Unknown] = field(default_factory=list)


def roles(world: World) -> Iterator[Role]:
    """Every role that is declared, as a resource or through a known module."""
    for resource in world.kind("terraform", "aws_iam_role"):
        yield _role(resource, world)
    for resource in world.kind("terraform", "module"):
        found = _module_role(resource)
        if found is not None:
            yield found


def _role(resource: Resource, world: World) -> Role:
    body = resource.body
    name = body.get("name", body.get("name_prefix", ""))
    role = Role(resource, name, statements_of(body.get("assume_role_policy")), ("assume_role_policy",))
    _inline(role, world)
    _attached(role, world)
    return role


def _inline(role: Role, world: World) -> None:
    listed = blocks(role.resource.body, "inline_policy")
    if isinstance(listed, Unknown):
        role.unread.append(listed)
    else:
        for index, each in enumerate(listed):
            _add(role, each.get("policy"), role.resource, ("inline_policy", index, "policy"))
    for each in companions(world, role.resource, "aws_iam_role_policy", "role", role.name):
        _add(role, each.body.get("policy"), each, ("policy",))


def _attached(role: Role, world: World) -> None:
    attachments = companions(world, role.resource, "aws_iam_role_policy_attachment", "role", role.name)
    arns: list[tuple[Any, Resource]] = [(each.body.get("policy_arn"), each) for each in attachments]
    listed = role.resource.body.get("managed_policy_arns")
    arns += [(arn, role.resource) for arn in (listed if type(listed) is list else ())]
    for arn, owner in arns:
        policy = _policy_at(world, owner, arn)
        if policy is not None:
            _add(role, policy.body.get("policy"), policy, ("policy",))
        elif isinstance(arn, str) and ":aws:policy/" in arn:
            role.managed.append(arn)
        else:
            why = arn if isinstance(arn, Unknown) else Unknown(f"policy {arn} is not declared here")
            role.unread.append(why)


def _policy_at(world: World, near: Resource, arn: Any) -> Resource | None:
    for address, _ in targets_of(arn):
        found = world.at_address(near, address)
        if found is not None and found.kind == "aws_iam_policy":
            return found
    if not isinstance(arn, str):
        return None
    name = arn.rsplit("/", 1)[-1]
    for each in world.kind("terraform", "aws_iam_policy"):
        if isinstance(each.body.get("name"), str) and each.body["name"] == name:
            return each
    return None


def _add(role: Role, text: Any, owner: Resource, path: Path) -> None:
    listed = statements_of(text)
    if isinstance(listed, Unknown):
        role.unread.append(listed)
        return
    role.statements += [(each, owner, path) for each in listed]


def _module_role(resource: Resource) -> Role | None:
    """A role of terraform-aws-modules: its trust follows from the inputs, its policies are the module's."""
    source = resource.body.get("source")
    if not isinstance(source, str) or resource.body.get("expanded") is True:
        return None
    path: Path
    trust: list[dict[str, Any]] | Unknown
    if _MODULE.search(source):
        trust, path = _irsa_trust(resource.body), ("oidc_providers",)
    elif _POD_IDENTITY.search(source):
        trust, path = [_service_trust()], ()
    else:
        return None
    name = resource.body.get("role_name", resource.body.get("name", ""))
    role = Role(resource, name, trust, path)
    role.unread.append(
        Unknown(f"the policies that {resource.name} attaches are the module's", "audit a plan")
    )
    return role


def _irsa_trust(body: Any) -> list[dict[str, Any]] | Unknown:
    providers = body.get("oidc_providers")
    if isinstance(providers, Unknown):
        return providers
    found = []
    test = body.get("assume_role_condition_test", body.get("trust_condition_test", "StringEquals"))
    for each in providers.values() if type(providers) is dict else ():
        accounts = get(each, "namespace_service_accounts")
        subjects: Any = accounts
        if type(accounts) is list:
            subjects = [f"system:serviceaccount:{one}" if isinstance(one, str) else one for one in accounts]
        found.append(_web_identity(get(each, "provider_arn"), test, subjects))
    return found


def _web_identity(provider: Any, test: Any, subjects: Any) -> dict[str, Any]:
    return {
        "sid": "",
        "effect": "Allow",
        "actions": ["sts:AssumeRoleWithWebIdentity"],
        "not_actions": [],
        "resources": [],
        "not_resources": [],
        "principals": {"aws": [], "service": [], "federated": [provider], "any": False},
        "not_principals": False,
        "conditions": [
            {"test": test, "key": "<issuer>:sub", "values": subjects},
            {"test": test, "key": "<issuer>:aud", "values": ["sts.amazonaws.com"]},
        ],
    }


def _service_trust() -> dict[str, Any]:
    return {
        "sid": "",
        "effect": "Allow",
        "actions": ["sts:AssumeRole", "sts:TagSession"],
        "not_actions": [],
        "resources": [],
        "not_resources": [],
        "principals": {"aws": [], "service": ["pods.eks.amazonaws.com"], "federated": [], "any": False},
        "not_principals": False,
        "conditions": [],
    }
