"""ServiceAccounts with the IAM role they take on, and roles that pods could take on but nobody does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.iam_roles import Role, roles
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.views.terraform_companions import identity_of
from auditor.views.terraform_values import blocks, targets_of

if TYPE_CHECKING:
    from auditor.world import World

ROLE_ARN = "eks.amazonaws.com/role-arn"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
POD_IDENTITY = "pods.eks.amazonaws.com"
_ACCOUNTS = ("kubernetes_service_account", "kubernetes_service_account_v1")


class Association(NamedTuple):
    """One Pod Identity association and the place that declares it."""

    namespace: str
    account: str
    role: Any
    resource: Resource
    path: Path


class IdentityView:
    """Who a pod is to AWS; ``identity`` in CEL.

    One instance a ServiceAccount (Kubernetes, or Terraform's kubernetes_service_account), and one for each role
    of Terraform that trusts service accounts: ``{kind, namespace, name, how, role_arn, associations, role,
    trust, statements, managed, unread, trusted_accounts}``. ``kind`` is ``service-account`` or ``role``; ``how``
    ``irsa``, ``pod-identity``, ``both`` or ''. ``role`` is ``{found, name, address}``: found is Unknown when it
    may be declared elsewhere. ``trust`` and ``statements`` are lists of statements; each of the latter has
    ``at``, the block it stands in. ``managed`` are AWS's own policies, ``unread`` why others could not be read.
    ``trusted_accounts`` (roles): ``{namespace, name, pattern, test, key}`` that its conditions name.
    """

    name = "Identity"
    variable = "identity"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for ServiceAccounts and roles."""
        if api_version == "terraform":
            return kind in (*_ACCOUNTS, "aws_iam_role", "module")
        return api_version == "v1" and kind == "ServiceAccount"

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance an account or role; nothing for roles that no pod can take on."""
        if resource.kind in ("aws_iam_role", "module"):
            return [_of_role(role) for role in roles(world) if role.resource is resource and _for_pods(role)]
        return [_of_account(resource, world)]


def _for_pods(role: Role) -> bool:
    if isinstance(role.trust, Unknown):
        return False
    return any(_is_pod_trust(each) for each in role.trust)


def _is_pod_trust(statement: dict[str, Any]) -> bool:
    actions, principals = statement["actions"], statement["principals"]
    web = type(actions) is list and any(isinstance(each, str) and each == WEB_IDENTITY for each in actions)
    services = principals.get("service") if type(principals) is dict else None
    pods = type(services) is list and any(isinstance(each, str) and each == POD_IDENTITY for each in services)
    return web or pods


def _base(kind: str, namespace: Any, name: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "how": "",
        "role_arn": "",
        "associations": [],
        "role": {"found": False, "name": "", "address": ""},
        "trust": [],
        "statements": [],
        "managed": [],
        "unread": [],
        "trusted_accounts": [],
    }


def _of_role(role: Role) -> Instance:
    value = _base("role", "", role.name)
    instance = Instance("Identity", role.resource, value, moved={(): (), ("name",): ("name",)})
    _put_role(instance, role)
    return instance


def _put_role(instance: Instance, role: Role) -> None:
    """What the role is trusted and allowed to do, with its places."""
    value = instance.value
    value["role"] = {"found": True, "name": role.name, "address": role.resource.name}
    value["trust"] = role.trust
    value["statements"] = [{**each, "at": owner.name} for each, owner, _ in role.statements]
    value["managed"] = role.managed
    value["unread"] = [why.reason for why in role.unread]
    value["trusted_accounts"] = [] if isinstance(role.trust, Unknown) else list(_accounts(role.trust))
    places: dict[Path, tuple[Resource, Path]] = {
        ("role",): (role.resource, ()),
        ("trust",): (role.resource, role.trust_path),
        ("trusted_accounts",): (role.resource, role.trust_path),
    }
    for index, (_, owner, path) in enumerate(role.statements):
        places[("statements", index)] = (owner, path)
    for path, (owner, at) in places.items():
        if owner is instance.resource:
            instance.moved[path] = at
        else:
            instance.elsewhere[path] = (owner, at)


def _accounts(trust: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Service accounts that conditions on ``sub`` name."""
    for statement in trust:
        listed = statement["conditions"]
        for condition in listed if type(listed) is list else ():
            key, values = str(condition["key"]), condition["values"]
            if not key.endswith(":sub"):
                continue
            for subject in values if type(values) is list else [values]:
                yield {**_subject(subject), "test": condition["test"], "key": key}


def _subject(subject: Any) -> dict[str, Any]:
    if isinstance(subject, Unknown):
        return {"namespace": subject, "name": subject, "pattern": subject}
    parts = str(subject).split(":")
    known = len(parts) == 4 and parts[:2] == ["system", "serviceaccount"]
    namespace, name = (parts[2], parts[3]) if known else ("", "")
    return {"namespace": namespace, "name": name, "pattern": str(subject)}


def _of_account(resource: Resource, world: World) -> Instance:
    namespace, name, arn, arn_path = _account(resource)
    value = _base("service-account", namespace, name)
    value["role_arn"] = "" if arn is None else arn
    instance = Instance("Identity", resource, value, moved={(): (), ("role_arn",): arn_path})
    mine = [each for each in associations(world) if (each.namespace, each.account) == (namespace, name)]
    value["associations"] = [
        {"namespace": each.namespace, "name": each.account, "role": each.role} for each in mine
    ]
    if mine:
        instance.elsewhere[("associations",)] = (mine[0].resource, mine[0].path)
    value["how"] = (
        "both" if mine and arn is not None else "irsa" if arn is not None else "pod-identity" if mine else ""
    )
    wanted = arn if arn is not None else mine[0].role if mine else None
    if wanted is not None:
        near = resource if arn is not None else mine[0].resource
        _join(instance, world, near, wanted)
    return instance


def _account(resource: Resource) -> tuple[str, str, Any, Path]:
    """Namespace, name, the role's ARN (None when there is none) and where that stands."""
    if resource.api_version != "terraform":
        path: Path = ("metadata", "annotations", ROLE_ARN)
        return resource.namespace or "default", resource.name, resource.annotations.get(ROLE_ARN), path
    metadata = blocks(resource.body, "metadata")
    first = metadata[0] if type(metadata) is list and metadata else {}
    texts = [first.get(field, "") for field in ("namespace", "name")]
    namespace, name = (text if isinstance(text, str) else "" for text in texts)
    return (
        namespace or "default",
        name,
        dig(first, ("annotations", ROLE_ARN)),
        ("metadata", 0, "annotations", ROLE_ARN),
    )


def _join(instance: Instance, world: World, near: Resource, wanted: Any) -> None:
    found = _role_at(world, near, wanted)
    if found is not None:
        _put_role(instance, found)
        return
    name = wanted.rsplit("/", 1)[-1] if isinstance(wanted, str) else ""
    instance.value["role"] = {"found": _missing(world, wanted), "name": name, "address": ""}


def _role_at(world: World, near: Resource, wanted: Any) -> Role | None:
    """The role that a reference, a name or an ARN means."""
    addresses = {address for address, _ in targets_of(wanted)}
    name = wanted.rsplit("/", 1)[-1] if isinstance(wanted, str) else ""
    for role in roles(world):
        mine = world.at_address(near, role.resource.name) is role.resource
        if mine and role.resource.name in addresses:
            return role
        if name and isinstance(role.name, str) and role.name == name:
            return role
    return None


def _missing(world: World, wanted: Any) -> bool | Unknown:
    """False only where the roles of this platform are declared and none of their names is open."""
    if isinstance(wanted, Unknown):
        return wanted
    declared = list(roles(world))
    if not declared:
        return Unknown(
            f"role {wanted} is not declared here",
            "tie these manifests to the Terraform root that declares it, under [target] in auditor.toml",
        )
    for role in declared:
        if isinstance(role.name, Unknown) or role.name == "" or "name_prefix" in role.resource.body:
            return Unknown(
                f"role {wanted} may be {role.resource.name}, whose name is not known", "audit a plan"
            )
    return False


def associations(world: World) -> Iterator[Association]:
    """Pod Identity associations of Terraform and eksctl."""
    for resource in world.kind("terraform", "aws_eks_pod_identity_association"):
        body = resource.body
        yield Association(
            _text(body.get("namespace")),
            _text(body.get("service_account")),
            body.get("role_arn"),
            resource,
            (),
        )
    for resource in world.kind("terraform", "module"):
        yield from _module_associations(resource)
    for resource in world.kind("eksctl.io", "ClusterConfig"):
        listed = dig(resource.body, ("iam", "podIdentityAssociations"))
        for index, each in enumerate(listed if type(listed) is list else ()):
            where = (_text(dig(each, ("namespace",))), _text(dig(each, ("serviceAccountName",))))
            role = dig(each, ("roleARN",))
            made = Unknown("eksctl makes the role of this association")
            path: Path = ("iam", "podIdentityAssociations", index)
            yield Association(*where, made if role is None else role, resource, path)


def _module_associations(resource: Resource) -> Iterator[Association]:
    """Inputs of terraform-aws-modules/eks-pod-identity."""
    from auditor.terraform import TfReference

    source, listed = resource.body.get("source"), resource.body.get("associations")
    if not isinstance(source, str) or "eks-pod-identity" not in source or type(listed) is not dict:
        return
    role = TfReference(resource.name, "iam_role_arn", f"known after apply: {resource.name}.iam_role_arn")
    for key, each in listed.items():
        where = (_text(dig(each, ("namespace",))), _text(dig(each, ("service_account",))))
        yield Association(*where, role, resource, ("associations", key))


def _text(value: Any) -> str:
    """The text, or the identity of a reference: never an unknown, so that it can be compared."""
    return value if isinstance(value, str) else identity_of(value)
