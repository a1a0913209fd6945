"""IAM roles of a target with everything that is attached to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from auditor.data.iam_actions import managed
from auditor.iam import ROLE
from auditor.iam.documents import Document, from_statements, read_document, text
from auditor.iam.evaluate import Permissions
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.terraform_values import blocks, referenced, targets_of

if TYPE_CHECKING:
    from auditor.world import World

AWS_MANAGED = ":iam::aws:policy/"
_POLICY = "aws_iam_policy"
_DATA_POLICY = "data.aws_iam_policy"
_INLINE = "aws_iam_role_policy"
_ATTACHMENTS = ("aws_iam_role_policy_attachment", "aws_iam_policy_attachment")
_POLICY_MAPS = ("role_policy_arns", "policies", "additional_policy_arns", "iam_role_additional_policies")


class Attached(Struct, eq=False):
    """One policy of a role. ``name`` is for people; ``arn`` is '' for inline ones. ``resource`` and ``path`` are
    where it is attached, ``home`` where its document is written (None: nowhere here)."""

    name: str
    arn: str
    document: Document | Unknown
    resource: Resource
    path: Path
    home: Resource | None = None


class Role(Struct, eq=False):
    """A role, its instance in the view Identity, and what is attached to it."""

    instance: Instance
    policies: list[Attached] = field(default_factory=list)
    boundary: Document | Unknown | None = None

    @property
    def resource(self) -> Resource:
        """The block that declares it."""
        return self.instance.resource

    @property
    def name(self) -> str:
        """Its name, ``${…}`` where Terraform makes it."""
        found: str = self.instance.value["name"]
        return found

    @property
    def title(self) -> str:
        """How a person names it."""
        return f"role {self.name}" if self.name and "${" not in self.name else self.resource.title

    @property
    def permissions(self) -> Permissions:
        """What IAM would decide on."""
        return Permissions([each.document for each in self.policies], self.boundary)


class Roles:
    """Every role of a target and its ties; built once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.all = [
            Role(instance) for instance in world.instances("Identity") if instance.value["kind"] == "role"
        ]
        self._of_resource = {id(role.resource): role for role in self.all}
        self._of_name: dict[str, list[Role]] = {}
        for role in self.all:
            self._of_name.setdefault(role.name, []).append(role)
            role.policies += (
                self._of_role(role.resource) if role.resource.kind == ROLE else self._of_module(role.resource)
            )
            role.boundary = self._boundary(role.resource)
        for resource in world.kind("terraform", _INLINE):
            self._attach(resource, "role", _inline(resource))
        for kind in _ATTACHMENTS:
            for resource in world.kind("terraform", kind):
                arn = self.policy(resource, resource.body.get("policy_arn"), ("policy_arn",))
                self._attach(resource, "role" if "role" in resource.body else "roles", arn)

    def at(self, resource: Resource) -> Role | None:
        """The role that a block declares."""
        return self._of_resource.get(id(resource))

    def named(self, name: str) -> list[Role]:
        """Roles with a name that is known."""
        return self._of_name.get(name, []) if name and "${" not in name else []

    def meant(self, near: Resource, value: Any) -> Role | None:
        """The role behind an ARN, a name, or a reference; None when it is not declared here."""
        for address, _ in targets_of(value):
            found = self._world.at_address(near, address)
            role = self._of_resource.get(id(found)) if found is not None else None
            if role is not None:
                return role
        if isinstance(value, Unknown):
            return None
        named = self.named(str(value).rsplit("/", 1)[-1])
        same_root = [
            role for role in named if self._world.at_address(near, role.resource.name) is role.resource
        ]
        return next(iter(same_root or named), None)

    def _attach(self, resource: Resource, key: str, attached: Attached) -> None:
        value = resource.body.get(key)
        for each in value if type(value) is list else [value]:
            role = self.meant(resource, each) if each is not None else None
            if role is not None:
                role.policies.append(attached)

    def policy(self, near: Resource, value: Any, path: Path) -> Attached:
        """The managed policy that an ARN or a reference names."""
        for kind in (_POLICY, _DATA_POLICY):
            found = referenced(self._world, near, value, kind)
            if found is not None and kind == _POLICY:
                name = text(found.body.get("name", found.name))
                return Attached(name, text(value), read_document(found.body.get("policy")), near, path, found)
            if found is not None and "name" in found.body:
                value = f"arn:aws{AWS_MANAGED}{text(found.body['name'])}"
        arn = text(value)
        statements = managed(arn)
        name = arn.rsplit("/", 1)[-1] if AWS_MANAGED in arn else arn
        if statements is not None:
            return Attached(name, arn, from_statements(statements), near, path)
        why = Unknown(f"what the policy {arn} grants is not known here", "declare the policy in this tree")
        return Attached(name, arn, why, near, path)

    def _boundary(self, resource: Resource) -> Document | Unknown | None:
        body = resource.body
        value = body.get("permissions_boundary", body.get("permissions_boundary_arn"))
        if value is None or (isinstance(value, str) and not value):
            return None
        return self.policy(resource, value, ()).document

    def _of_role(self, resource: Resource) -> Iterator[Attached]:
        """What the role's own block attaches."""
        yield from _inline_blocks(resource)
        listed = resource.body.get("managed_policy_arns")
        for index, arn in enumerate(listed if type(listed) is list else ()):
            yield self.policy(resource, arn, ("managed_policy_arns", index))

    def _of_module(self, resource: Resource) -> Iterator[Attached]:
        """Policies that a call attaches: ARNs, and the ready-made ones that it switches on."""
        for key in _POLICY_MAPS:
            listed = resource.body.get(key)
            if isinstance(listed, Unknown):
                yield Attached(key, "", listed, resource, (key,))
            for name, arn in listed.items() if type(listed) is dict else ():
                yield self.policy(resource, arn, (key, name))
        for key, value in resource.body.items():
            if key.startswith("attach_") and (isinstance(value, Unknown) or value is True):
                why = Unknown(f"{key} attaches what the module writes", "audit a plan instead")
                yield Attached(key, "", why, resource, (key,))
        if not any(key in resource.body for key in _POLICY_MAPS):
            why = Unknown("what the module attaches to its role is not listed here", "audit a plan instead")
            yield Attached("the module's policies", "", why, resource, ())


def _inline_blocks(resource: Resource) -> Iterator[Attached]:
    """Inline blocks of the role itself."""
    inline = blocks(resource.body, "inline_policy")
    if isinstance(inline, Unknown):
        yield Attached("inline_policy", "", inline, resource, ("inline_policy",))
    for index, each in enumerate([] if isinstance(inline, Unknown) else inline):
        if "policy" in each:
            path: Path = ("inline_policy", index, "policy")
            yield Attached(
                text(each.get("name", "inline")), "", read_document(each["policy"]), resource, path, resource
            )


def _inline(resource: Resource) -> Attached:
    document = read_document(resource.body.get("policy"))
    return Attached(
        text(resource.body.get("name", resource.name)), "", document, resource, ("policy",), resource
    )


def trusts_service(role: Resource, service: str) -> bool:
    """Whether an AWS service may assume the role."""
    from auditor.iam.trust import entrances

    document = read_document(role.body.get("assume_role_policy"))
    if isinstance(document, Unknown):
        return False
    return any(
        not isinstance(each, Unknown) and each.way == "service" and service in each.principals
        for each in entrances(document)
    )


__all__ = ["AWS_MANAGED", "Attached", "Role", "Roles", "trusts_service"]
