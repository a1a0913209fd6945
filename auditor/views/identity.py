"""Who is who on AWS: IAM roles, and the ServiceAccounts and associations that take them.

The normal form (``identity`` in CEL):

| field | what |
|---|---|
| kind | ``role``, ``service-account`` or ``association`` (EKS Pod Identity) |
| name, namespace | the role's name; the account's name and namespace ('' = not written) |
| how | ``irsa``, ``pod-identity``, ``eksctl`` or '' (an account without an AWS role) |
| role | what the account or association names: an ARN, or ``${…}`` for what Terraform knows later; '' = none |
| accounts | of a role: ``{namespace, name, how}`` of the ServiceAccounts that it trusts by name |
| trust | of a role: its entrances, as in auditor.iam.trust; Unknown where they cannot be read |

Roles come from ``aws_iam_role`` and from calls of modules that make one (terraform-aws-modules/iam and
eks-pod-identity, the EKS blueprints addon) whose own resources are not listed. What is attached to a role is a
join: ``facts.identity``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from auditor.iam import ROLE
from auditor.iam.documents import Document, read_document, text
from auditor.iam.trust import Entrance, assumes, entrances
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.views.terraform_values import block
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World

ANNOTATION = "eks.amazonaws.com/role-arn"
ASSOCIATION = "aws_eks_pod_identity_association"
TERRAFORM_ACCOUNTS = ("kubernetes_service_account", "kubernetes_service_account_v1")

IRSA_MODULE = r"//modules/iam-(?:role-for-service-accounts(?:-eks)?|eks-role)\b|eks-blueprints-addon/aws"
POD_MODULE = "eks-pod-identity"


class IdentityView:
    """Anything that is, or takes, an AWS role; ``identity`` in CEL."""

    name = "Identity"
    variable = "identity"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for roles, associations, ServiceAccounts and eksctl files."""
        if api_version == "terraform":
            return kind in (ROLE, ASSOCIATION, "module", *TERRAFORM_ACCOUNTS)
        if kind == "ServiceAccount":
            return api_version == "v1"
        return kind == "ClusterConfig" and api_version.startswith("eksctl.io/")

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a role, account or association."""
        del world
        if resource.kind == ROLE:
            yield _role(resource)
        elif resource.kind == "module":
            yield from _module(resource)
        elif resource.kind == ASSOCIATION:
            yield _association(resource, (), resource.body, ("service_account", "role_arn"))
        elif resource.kind == "ClusterConfig":
            yield from _eksctl(resource)
        else:
            yield _account(resource)


def _role(resource: Resource) -> Instance:
    found = read_document(resource.body.get("assume_role_policy"))
    value = _value("role", text(resource.body.get("name", resource.body.get("name_prefix", ""))))
    value |= {"trust": found if isinstance(found, Unknown) else _trust(found)}
    named = [] if isinstance(found, Unknown) else list(_named_accounts(found))
    value["accounts"] = named
    value["how"] = named[0]["how"] if named else _how(value["trust"])
    moved: dict[Path, Path] = {(field,): ("assume_role_policy",) for field in ("trust", "accounts", "how")}
    moved |= {("role",): (), ("kind",): (), ("namespace",): ()}
    return Instance("Identity", resource, value, moved=moved)


def _value(kind: str, name: str, namespace: str = "", role: Any = "") -> dict[str, Any]:
    empty: dict[str, Any] = {"how": "", "accounts": [], "trust": []}
    return {"kind": kind, "name": name, "namespace": namespace, "role": role, **empty}


def _trust(document: Document) -> list[Any]:
    return [each if isinstance(each, Unknown) else shown_entrance(each) for each in entrances(document)]


def shown_entrance(entrance: Entrance) -> dict[str, Any]:
    """An entrance of a trust policy as plain data."""
    claims = {
        name: [
            {"operator": each.operator, "key": each.key, "values": list(each.values), "weak": each.weak}
            for each in listed
        ]
        for name, listed in (("subjects", entrance.subjects), ("audiences", entrance.audiences))
    }
    return {
        "index": entrance.index,
        "way": entrance.way,
        "principals": list(entrance.principals),
        "actions": list(entrance.actions),
        "narrowed": entrance.narrowed,
        "conditional": entrance.conditional,
        "tags_session": assumes(entrance, "sts:TagSession"),
        "assumes": assumes(entrance, "sts:AssumeRole"),
        **claims,
    }


def _named_accounts(document: Document) -> Iterator[dict[str, str]]:
    for entrance in entrances(document):
        if isinstance(entrance, Entrance) and entrance.way == "irsa":
            for namespace, name in entrance.accounts:
                yield {"namespace": namespace, "name": name, "how": "irsa"}


def _how(trust: Any) -> str:
    ways = [] if isinstance(trust, Unknown) else [each["way"] for each in trust if type(each) is dict]
    return next((way for way in ways if way in ("irsa", "pod-identity")), "")


def _module(resource: Resource) -> Iterator[Instance]:
    source = resource.body.get("source")
    if not isinstance(source, str) or resource.body.get("expanded") is True:
        return
    if POD_MODULE in source:
        yield _module_role(resource, "pod-identity", _associated(resource.body), ("associations",))
    elif re.search(IRSA_MODULE, source):
        yield _module_role(resource, "irsa", _provided(resource.body), ("oidc_providers",))


def _module_role(resource: Resource, how: str, listed: Any, where: Path) -> Instance:
    body = resource.body
    name = next((body[key] for key in ("role_name", "name", "role_name_prefix") if key in body), "")
    value = _value("role", text(name)) | {"how": how}
    if isinstance(listed, Unknown):
        value |= {"trust": listed, "accounts": listed}
    else:
        value["accounts"] = [
            {"namespace": namespace, "name": account, "how": how} for namespace, account in listed
        ]
    return Instance("Identity", resource, value, moved={("accounts",): where, ("trust",): where})


def _associated(body: dict[str, Any]) -> Any:
    """Accounts in ``associations`` of the eks-pod-identity module, with its defaults."""
    defaults = body.get("association_defaults", {})
    rows = body.get("associations", {})
    if isinstance(rows, Unknown) or isinstance(defaults, Unknown):
        return rows if isinstance(rows, Unknown) else defaults
    found = []
    for each in rows.values() if type(rows) is dict else ():
        if isinstance(each, Unknown):
            return each
        row = {**(defaults if type(defaults) is dict else {}), **each}
        found.append((text(row.get("namespace", "")), text(row.get("service_account", ""))))
    return found


def _provided(body: dict[str, Any]) -> Any:
    """Accounts in ``oidc_providers`` of the IRSA modules and the blueprints addon."""
    providers = body.get("oidc_providers", {})
    if isinstance(providers, Unknown):
        return providers
    found: list[tuple[str, str]] = []
    for each in providers.values() if type(providers) is dict else ():
        if isinstance(each, Unknown):
            return each
        listed = each.get("namespace_service_accounts", [])
        if isinstance(listed, Unknown):
            return listed
        parted = (text(one).partition(":") for one in listed)
        found += [(namespace, account) for namespace, _, account in parted]
        if "service_account" in each:
            namespace = each.get("namespace", body.get("namespace", ""))
            found.append((text(namespace), text(each["service_account"])))
    return found


def _association(
    resource: Resource, where: Path, body: dict[str, Any], keys: tuple[str, str], namespace: Any = None
) -> Instance:
    account, role = keys
    given = body.get("namespace", "") if namespace is None else namespace
    value = _value("association", text(body.get(account, "")), text(given), _role_text(body.get(role)))
    value["how"] = "pod-identity"
    moved: dict[Path, Path] = {("name",): (account,), ("role",): (role,)}
    return Instance("Identity", resource, value, where, moved)


def _role_text(value: Any) -> Any:
    return "" if value is None else value if isinstance(value, Unknown) else str(value)


def _eksctl(resource: Resource) -> Iterator[Instance]:
    body = resource.body
    for index, each in enumerate(records(dig(body, ("iam", "serviceAccounts")))):
        name, namespace = (dig(each, ("metadata", key)) for key in ("name", "namespace"))
        role = each.get("attachRoleARN", "")
        value = _value("service-account", text(name or ""), text(namespace or "default"), _role_text(role))
        value["how"] = "eksctl"
        at: Path = ("iam", "serviceAccounts", index)
        yield Instance("Identity", resource, value, at, {("name",): ("metadata", "name")})
    for index, each in enumerate(records(dig(body, ("iam", "podIdentityAssociations")))):
        at = ("iam", "podIdentityAssociations", index)
        yield _association(resource, at, each, ("serviceAccountName", "roleARN"))


def _account(resource: Resource) -> Instance:
    if resource.api_version != "terraform":
        role = resource.annotations.get(ANNOTATION)
        value = _value("service-account", resource.name, resource.namespace, _role_text(role))
        moved: dict[Path, Path] = {
            ("role",): ("metadata", "annotations", ANNOTATION),
            ("name",): ("metadata", "name"),
            ("namespace",): ("metadata", "namespace"),
        }
    else:
        metadata = block(resource.body, "metadata")
        role = dig(metadata, ("annotations", ANNOTATION)) if type(metadata) is dict else metadata
        given = [
            text(metadata.get(key, "")) if type(metadata) is dict else "" for key in ("name", "namespace")
        ]
        value = _value("service-account", given[0], given[1], _role_text(role))
        moved = {
            ("role",): ("metadata", 0, "annotations", ANNOTATION),
            ("name",): ("metadata", 0, "name"),
            ("namespace",): ("metadata", 0, "namespace"),
        }
    if role is not None:
        value["how"] = "irsa"
    return Instance("Identity", resource, value, moved=moved)
