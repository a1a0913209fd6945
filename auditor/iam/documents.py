"""IAM policy documents as statements, from whatever form they come in. Unknown leaves stay unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from auditor.iam.patterns import ANONYMOUS
from auditor.unknown import Unknown

Texts = tuple[str, ...]


class Statement(Struct, eq=False):
    """One statement. A list is None where the statement does not have the element, Unknown where that is.

    Single entries that are unknown are texts with ``${…}`` (see :mod:`auditor.iam.patterns`). ``conditions`` is
    operator → key → values as written. ``index`` is the place among the document's statements.
    """

    index: int
    effect: str | Unknown
    sid: str = ""
    actions: Texts | Unknown | None = None
    not_actions: Texts | Unknown | None = None
    resources: Texts | Unknown | None = None
    not_resources: Texts | Unknown | None = None
    principals: dict[str, Texts] | Unknown | None = None
    not_principals: dict[str, Texts] | Unknown | None = None
    conditions: dict[str, dict[str, Texts]] | Unknown = field(default_factory=dict)

    @property
    def allows(self) -> bool | Unknown:
        """Whether it grants; IAM has no other effects than Allow and Deny."""
        return self.effect if isinstance(self.effect, Unknown) else self.effect == "Allow"

    @property
    def conditional(self) -> bool:
        """Whether it holds only under conditions; conditions that are not known count."""
        return isinstance(self.conditions, Unknown) or bool(self.conditions)


class Document(Struct, eq=False):
    """A policy: its statements, an Unknown in place of those that cannot be read."""

    statements: list[Statement | Unknown]

    @property
    def known(self) -> list[Statement]:
        """The statements that can be read."""
        return [each for each in self.statements if isinstance(each, Statement)]


def read_document(value: Any) -> Document | Unknown:
    """A document from JSON text, a dict, a Terraform template or jsonencode() with unknown parts."""
    from auditor.terraform import policy_document, statements

    listed = statements(policy_document(value))
    return listed if isinstance(listed, Unknown) else from_statements(listed)


def from_statements(listed: Iterable[Any]) -> Document:
    """A document of statements that are dicts in IAM's spelling."""
    return Document([_statement(index, each) for index, each in enumerate(listed)])


def _statement(index: int, body: Any) -> Statement | Unknown:
    if isinstance(body, Unknown):
        return body
    if not isinstance(body, Mapping):
        return Unknown("a statement of the policy is not an object", "write it as {Effect, Action, Resource}")
    sid = body.get("Sid", "")
    return Statement(
        index,
        body.get("Effect", "Allow"),
        sid if isinstance(sid, str) else "",
        texts(body.get("Action")),
        texts(body.get("NotAction")),
        texts(body.get("Resource")),
        texts(body.get("NotResource")),
        _principals(body.get("Principal")),
        _principals(body.get("NotPrincipal")),
        _conditions(body.get("Condition")),
    )


def texts(value: Any) -> Texts | Unknown | None:
    """One text or many as a tuple; None when absent, Unknown when it is not even known how many."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        found: list[str] = []
        for each in value:
            if _is_plural(each):
                return unknown_of(each)
            found.append(text(each))
        return tuple(found)
    return value if _is_plural(value) else (text(value),)


def text(value: Any) -> str:
    """A value as a text in which unknown parts keep their identity."""
    from auditor.terraform import identity

    if isinstance(value, Unknown):
        found = identity(value)
        return ANONYMOUS if found is None else found
    return str(value).lower() if isinstance(value, bool) else str(value)


def unknown_of(value: Unknown) -> Unknown:
    """The unknown behind a text that somebody gives from outside."""
    return Unknown(value.reason, value.repair)


def _is_plural(value: Any) -> bool:
    """Whether an unknown may be anything, a wildcard or a list included: an input nobody gave, a call."""
    from auditor.terraform import TfCall, TfReference, TfTemplate

    if not isinstance(value, Unknown) or isinstance(value, TfTemplate):
        return False
    if isinstance(value, TfReference):
        return value.target.startswith("var.")
    return not isinstance(value, TfCall) or value.function not in ("format", "join", "replace")


def _principals(value: Any) -> dict[str, Texts] | Unknown | None:
    """``"*"`` is everybody of whatever type."""
    if value is None or isinstance(value, Unknown):
        return value
    if not isinstance(value, Mapping):
        return {"*": (text(value),)}
    found: dict[str, Texts] = {}
    for kind, listed in value.items():
        known = texts(listed)
        if isinstance(known, Unknown):
            return known
        found[str(kind)] = known or ()
    return found


def _conditions(value: Any) -> dict[str, dict[str, Texts]] | Unknown:
    operators = _pairs(value)
    if isinstance(operators, Unknown):
        return operators
    found: dict[str, dict[str, Texts]] = {}
    for operator, body in operators:
        keys = _pairs(body)
        if isinstance(keys, Unknown):
            return keys
        for key, listed in keys:
            known = texts(listed)
            values = (ANONYMOUS,) if isinstance(known, Unknown) else known or ()
            found.setdefault(operator, {})[key] = values
    return found


def _pairs(value: Any) -> list[tuple[str, Any]] | Unknown:
    """Keys (as texts) and values of an object, also of one whose keys are known only after apply."""
    from auditor.terraform import TfCall

    if isinstance(value, TfCall) and value.function == "object":
        return [(text(key), item) for key, item in zip(value.args[::2], value.args[1::2], strict=True)]
    if isinstance(value, Unknown):
        return value
    return [(str(key), item) for key, item in value.items()] if isinstance(value, Mapping) else []
