"""IAM policy documents as a list of statements in one form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.unknown import Unknown


def statements_of(text: Any) -> list[dict[str, Any]] | Unknown:
    """Every statement of a policy argument, in the form of :func:`statement`; Unknown when none can be read."""
    from auditor.terraform import policy_document, statements

    if text is None:
        return []
    listed = statements(policy_document(text))
    if isinstance(listed, Unknown):
        return listed
    return [statement(each) for each in listed if type(each) is dict]


def statement(raw: dict[str, Any]) -> dict[str, Any]:
    """``{sid, effect, actions, not_actions, resources, not_resources, principals, conditions}``.

    Lists are lists even of one element; a list that cannot be read is Unknown. ``principals`` has ``aws``,
    ``service``, ``federated`` and ``any`` (whether it is ``*``); ``conditions`` is a list of ``{test, key,
    values}``. Values that Terraform knows later stay unknown inside the lists.
    """
    return {
        "sid": raw.get("Sid", ""),
        "effect": raw.get("Effect", ""),
        "actions": listed(raw.get("Action")),
        "not_actions": listed(raw.get("NotAction")),
        "resources": listed(raw.get("Resource")),
        "not_resources": listed(raw.get("NotResource")),
        "principals": principals(raw.get("Principal")),
        "not_principals": "NotPrincipal" in raw,
        "conditions": conditions(raw.get("Condition")),
    }


_SINGULAR = ("arn", "id", "url", "name", "account_id")


def listed(value: Any) -> Any:
    """A list of what may be one value, several or none. A reference to an ARN, id or name is one value."""
    from auditor.terraform import TfReference, TfTemplate

    if value is None:
        return []
    if isinstance(value, TfTemplate) or (isinstance(value, TfReference) and _is_singular(value.attribute)):
        return [value]
    return value if isinstance(value, list | Unknown) else [value]


def _is_singular(attribute: str) -> bool:
    last = attribute.rsplit(".", 1)[-1]
    return last in _SINGULAR or last.endswith(("_arn", "_id", "_url", "_name"))


def principals(value: Any) -> Any:
    """Who a statement speaks of."""
    if isinstance(value, Unknown):
        return value
    found: dict[str, Any] = {"aws": [], "service": [], "federated": [], "any": value == "*"}
    for kind, names in value.items() if type(value) is dict else ():
        found[kind.lower()] = listed(names)
    if type(found["aws"]) is list and any(isinstance(each, str) and each == "*" for each in found["aws"]):
        found["any"] = True
    return found


def conditions(value: Any) -> Any:
    """``[{test, key, values}]``, sorted as written."""
    if isinstance(value, Unknown):
        return value
    return list(_conditions(value)) if type(value) is dict else []


def _conditions(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for test, keys in value.items():
        if isinstance(keys, Unknown):
            yield {"test": test, "key": keys, "values": keys}
        for key, wanted in keys.items() if type(keys) is dict else ():
            yield {"test": test, "key": key, "values": listed(wanted)}
