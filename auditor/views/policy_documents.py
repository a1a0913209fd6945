"""IAM policy documents wherever they are written: Terraform's data source, resources, eksctl.

The normal form (``document`` in CEL):

| field | what |
|---|---|
| purpose | ``permissions``, ``trust`` (who may assume a role) or ``resource`` (a policy on a bucket, a key …) |
| holder | the kind of what holds it |
| statements | index, sid, effect, actions, not_actions, resources, not_resources, principals, conditional |

Lists that a statement does not have are empty. Texts may hold ``${…}`` for what is known after apply. A document
that a resource takes from a data source of the same tree is judged there, where its lines are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.iam import ROLE
from auditor.iam.documents import Document, Statement, from_statements, read_document, text
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.terraform_values import blocks

if TYPE_CHECKING:
    from auditor.world import World

DATA = "data.aws_iam_policy_document"
_PERMISSIONS = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
_EKSCTL_LISTS = (
    (("iam", "serviceAccounts"), "attachPolicy"),
    (("iam", "podIdentityAssociations"), "permissionPolicy"),
)
_EKSCTL_GROUPS = ("nodeGroups", "managedNodeGroups")
_JSON_KEYS = {
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
    "principals": "Principal",
}
_BLOCK_KEYS = {key: key for key in _JSON_KEYS}


class Held(NamedTuple):
    """A document and where it stands. ``single``: its Statement is one object, not a list."""

    purpose: str
    base: Path
    document: Document | Unknown
    single: bool = False


class PolicyDocumentView:
    """Anything that holds IAM statements; ``document`` in CEL."""

    name = "PolicyDocument"
    variable = "document"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for Terraform's IAM types and eksctl's ClusterConfig."""
        if api_version == "terraform":
            return kind in _PERMISSIONS or kind in (DATA, ROLE)
        return kind == "ClusterConfig" and api_version.startswith("eksctl.io/")

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a document."""
        for held in held_documents(resource):
            if resource.kind != DATA and given_by(world, resource, held) is not None:
                continue
            yield _instance(resource, held)


def held_documents(resource: Resource) -> Iterator[Held]:
    """Every document that a resource holds, taken from a data source or not."""
    body = resource.body
    if resource.kind == DATA:
        yield _of_blocks(body)
    elif resource.kind in _PERMISSIONS:
        field = _PERMISSIONS[resource.kind]
        if field in body:
            yield _of_value("permissions", (field,), body[field])
    elif resource.kind == ROLE:
        yield from _of_role(body)
    else:
        yield from _of_eksctl(body)


def given_by(world: World, resource: Resource, held: Held) -> Resource | None:
    """The data source whose ``json`` the document is; None when the resource writes it itself."""
    from auditor.facts.policy_documents import PolicyDocuments

    index = world.get_fact("policy_document")
    assert isinstance(index, PolicyDocuments)
    return index.source_of(resource, held)


def _of_value(purpose: str, path: Path, value: Any) -> Held:
    from auditor.terraform import policy_document

    found = policy_document(value)
    single = type(found) is dict and type(found.get("Statement")) is dict
    return Held(purpose, path, read_document(value), single)


def _of_role(body: dict[str, Any]) -> Iterator[Held]:
    if "assume_role_policy" in body:
        yield _of_value("trust", ("assume_role_policy",), body["assume_role_policy"])
    inline = blocks(body, "inline_policy")
    for index, block in enumerate([] if isinstance(inline, Unknown) else inline):
        if "policy" in block:
            yield _of_value("permissions", ("inline_policy", index, "policy"), block["policy"])


def _of_eksctl(body: dict[str, Any]) -> Iterator[Held]:
    from auditor.views.pods import dig

    for path, field in _EKSCTL_LISTS:
        yield from _of_list(dig(body, path), path, (field,))
    for group in _EKSCTL_GROUPS:
        yield from _of_list(body.get(group), (group,), ("iam", "attachPolicy"))


def _of_list(listed: Any, path: Path, field: tuple[str, ...]) -> Iterator[Held]:
    from auditor.views.pods import dig

    for index, each in enumerate(listed if type(listed) is list else ()):
        value = dig(each, field)
        if type(value) is dict:
            yield _of_value("permissions", (*path, index, *field), value)


def _of_blocks(body: dict[str, Any]) -> Held:
    """The statements that the data source writes itself; those of its source documents stand elsewhere."""
    listed = blocks(body, "statement")
    if isinstance(listed, Unknown):
        return Held("permissions", (), listed)
    document = from_statements([_block(each) for each in listed])
    return Held(_purpose(document), (), document)


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """A ``statement`` block in IAM's spelling."""
    names = {"sid": "Sid", "effect": "Effect"} | {
        key: name for key, name in _JSON_KEYS.items() if key not in ("effect", "principals")
    }
    found = {name: block[key] for key, name in names.items() if block.get(key) is not None}
    found = {key: value for key, value in found.items() if value != []} if _is_plain(found) else found
    if "principals" in block:
        found["Principal"] = _principals(blocks(block, "principals"))
    if "not_principals" in block:
        found["NotPrincipal"] = _principals(blocks(block, "not_principals"))
    conditions = blocks(block, "condition")
    if isinstance(conditions, Unknown) or conditions:
        found["Condition"] = _conditions(conditions)
    return found


def _is_plain(found: dict[str, Any]) -> bool:
    return not any(isinstance(value, Unknown) for value in found.values())


def _principals(listed: Any) -> Any:
    if isinstance(listed, Unknown):
        return listed
    found: dict[str, list[Any]] = {}
    for each in listed:
        kind, identifiers = each.get("type"), each.get("identifiers")
        if isinstance(kind, Unknown) or isinstance(identifiers, Unknown):
            return kind if isinstance(kind, Unknown) else identifiers
        found.setdefault(str(kind), []).extend(identifiers if type(identifiers) is list else [identifiers])
    return found


def _conditions(listed: Any) -> Any:
    if isinstance(listed, Unknown):
        return listed
    found: dict[str, dict[str, list[Any]]] = {}
    for each in listed:
        test, variable, values = each.get("test"), each.get("variable"), each.get("values")
        if isinstance(test, Unknown):
            return test
        key = text(variable)
        given = values if type(values) is list else [values]
        found.setdefault(str(test), {}).setdefault(key, []).extend(given)
    return found


def _purpose(document: Document) -> str:
    with_principals = [each for each in document.known if each.principals or each.not_principals]
    if not with_principals:
        return "permissions"
    actions = [
        action
        for each in with_principals
        for action in (each.actions if isinstance(each.actions, tuple) else ())
    ]
    trust = any(action.lower().startswith(("sts:assume", "sts:tagsession", "sts:*")) for action in actions)
    return "trust" if trust else "resource"


def _instance(resource: Resource, held: Held) -> Instance:
    document = held.document
    moved: dict[Path, Path] = {(): ()}
    value: dict[str, Any] = {"purpose": held.purpose, "holder": resource.kind}
    if isinstance(document, Unknown):
        value["statements"] = document
        return Instance("PolicyDocument", resource, value, held.base, moved)
    value["statements"] = [_shown(each) for each in document.statements]
    own = resource.kind == DATA
    for index in range(len(document.statements)):
        place: Path = ("statement", index) if own else ("Statement",) if held.single else ("Statement", index)
        moved[("statements", index)] = place
        for field, key in (_BLOCK_KEYS if own else _JSON_KEYS).items():
            moved[("statements", index, field)] = (*place, key)
    moved[("statements",)] = ("statement",) if own else ("Statement",)
    return Instance("PolicyDocument", resource, value, held.base, moved)


def _shown(statement: Statement | Unknown) -> Any:
    if isinstance(statement, Unknown):
        return statement
    return {
        "index": statement.index,
        "sid": statement.sid,
        "effect": statement.effect,
        "actions": _list(statement.actions),
        "not_actions": _list(statement.not_actions),
        "resources": _list(statement.resources),
        "not_resources": _list(statement.not_resources),
        "principals": _map(statement.principals),
        "conditional": statement.conditional,
    }


def _list(value: Any) -> Any:
    return value if isinstance(value, Unknown) else list(value or ())


def _map(value: Any) -> Any:
    return (
        value
        if isinstance(value, Unknown)
        else {kind: list(listed) for kind, listed in (value or {}).items()}
    )
