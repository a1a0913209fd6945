"""IAM policy documents: what aws_iam_policy_document renders, and documents read back as structure.

The rendering follows the AWS provider (compared with 5.100.0): Version first, lists of one element become
that element, other lists are sorted backwards, conditions of one test are merged, source documents come
first and override documents replace statements of the same Sid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeAlias

from auditor.patterns import regex
from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.encoding import GO_ESCAPE, GO_ESCAPES
from auditor.terraform.limits import Budget
from auditor.terraform.unknowns import TfEncoded, TfTemplate, identity
from auditor.terraform.values import elements, first_unknown, text
from auditor.unknown import Unknown

Document: TypeAlias = dict[str, object]
VERSION = "2012-10-17"
JSON_STRING = regex(r'"(?:[^"\\]|\\.)*"')
MARK = regex("\ue000(\\d+)\ue001")
STATEMENT_ORDER = (
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
)
LISTS = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}


def policy_document(value: object) -> Document | Unknown:
    """The document behind an argument such as ``policy`` or ``assume_role_policy``.

    Takes a JSON string, a template or jsonencode() with unknown parts, or a dict. What is unknown stays an
    unknown leaf. An Unknown comes back where even the outline is unknown or the text is not a JSON object.
    """
    if isinstance(value, TfEncoded):
        value = value.value
    if isinstance(value, dict):
        return value
    if isinstance(value, TfTemplate):
        return _from_template(value)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, str):
        found = _parse(value)
        return found if isinstance(found, dict) else Unknown("the policy document is not a JSON object")
    return Unknown("the policy document is not a JSON object")


def statements(document: Document | Unknown) -> list[object] | Unknown:
    """The statements of a document, a single one as a list of one."""
    if isinstance(document, Unknown):
        return document
    found = document.get("Statement", [])
    if isinstance(found, Unknown):
        return found
    return list(found) if isinstance(found, list) else [found]


def _parse(source: str) -> object:
    try:
        return json.loads(source)
    except (ValueError, RecursionError):
        return None


def _from_template(template: TfTemplate) -> Document | Unknown:
    """Parse the text with a mark for each unknown part, then put the parts back."""
    marked = "".join(
        part if isinstance(part, str) else f"\ue000{index}\ue001" for index, part in enumerate(template.parts)
    )
    quoted = _quote_bare_marks(marked)
    found = _parse(quoted)
    if not isinstance(found, dict):
        return template
    filled = _fill(found, template)
    return filled if isinstance(filled, dict) else template


def _quote_bare_marks(marked: str) -> str:
    """A mark outside of a JSON string stands for a whole value: make it a string of its own."""
    pieces: list[str] = []
    at = 0
    for found in JSON_STRING.finditer(marked):
        pieces.append(MARK.sub(r'"\g<0>"', marked[at : found.start()]))
        pieces.append(found.group())
        at = found.end()
    pieces.append(MARK.sub(r'"\g<0>"', marked[at:]))
    return "".join(pieces)


def _fill(value: object, template: TfTemplate) -> object:
    if isinstance(value, dict):
        return {
            str(_filled_text(key, template, key=True)): _fill(item, template) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_fill(item, template) for item in value]
    return _filled_text(value, template) if isinstance(value, str) and "\ue000" in value else value


def _filled_text(value: str, template: TfTemplate, *, key: bool = False) -> object:
    parts: list[str | Unknown] = []
    at = 0
    for found in MARK.finditer(value):
        parts.append(value[at : found.start()])
        parts.append(_part(template, int(found.group(1))))
        at = found.end()
    parts.append(value[at:])
    kept = [part for part in parts if not (isinstance(part, str) and not part)]
    if key or all(isinstance(part, str) for part in kept):
        return "".join(identity(part) or "${unknown}" for part in kept)
    if len(kept) == 1:
        return kept[0].value if isinstance(kept[0], TfEncoded) else kept[0]
    return TfTemplate(kept)


def _part(template: TfTemplate, index: int) -> str | Unknown:
    return template.parts[index] if index < len(template.parts) else ""


def render_document(body: dict[str, object], budget: Budget) -> object:
    """``json`` of an aws_iam_policy_document with this body: a string, or TfEncoded with unknown leaves."""
    document: Document = {}
    for source in _documents(body.get("source_policy_documents")):
        _merge(document, source)
    _merge(document, _own(body))
    for override in _documents(body.get("override_policy_documents")):
        _merge(document, override)
    ordered: Document = {"Version": document.get("Version", VERSION)}
    for key in ("Id", "Statement"):
        value = document.get(key)
        if isinstance(value, Unknown) or value:
            ordered[key] = value
    inside = first_unknown(ordered, budget)
    return indented(ordered) if inside is None else TfEncoded(ordered, inside)


def indented(document: Document) -> str:
    """JSON as the provider writes it: two spaces, HTML's characters escaped."""
    shown = json.dumps(document, indent=2, ensure_ascii=False)
    return GO_ESCAPE.sub(lambda found: GO_ESCAPES[found.group()], shown)


def _documents(value: object) -> list[Document | Unknown]:
    if value is None:
        return []
    if isinstance(value, Unknown):
        return [value]
    return [policy_document(item) for item in elements(value) if _is_set(item)]


def _merge(document: Document, other: Document | Unknown) -> None:
    """Statements of the same Sid are replaced where they stand, others appended."""
    present = document.setdefault("Statement", [])
    assert isinstance(present, list)
    if isinstance(other, Unknown):
        present.append(Unknown(f"a merged document is unknown: {other.reason}", other.repair))
        return
    document.update(
        {"Version": _version(document, other)} | ({"Id": other["Id"]} if _is_set(other.get("Id")) else {})
    )
    found = statements(other)
    for statement in [found] if isinstance(found, Unknown) else found:
        position = _same_sid(present, statement)
        if position is None:
            present.append(_normalised(statement))
        else:
            present[position] = _normalised(statement)


def _version(document: Document, other: Document) -> object:
    versions = [each for each in (document.get("Version"), other.get("Version")) if each is not None]
    unknown = [each for each in versions if isinstance(each, Unknown)]
    return unknown[0] if unknown else max((text(each) for each in versions), default=VERSION)


def _same_sid(present: Iterable[object], statement: object) -> int | None:
    sid = _sid(statement)
    if not sid:
        return None
    return next((at for at, each in enumerate(present) if _sid(each) == sid), None)


def _sid(statement: object) -> str:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return sid if isinstance(sid, str) else ""


def _normalised(statement: object) -> object:
    """A statement with its keys in the provider's order, and lists of one in conditions collapsed."""
    if not isinstance(statement, dict):
        return statement
    ordered = {key: statement[key] for key in STATEMENT_ORDER if _is_set(statement.get(key))}
    tests = ordered.get("Condition")
    if isinstance(tests, dict):
        ordered["Condition"] = {
            test: {name: _single(each) for name, each in sorted(names.items())}
            if isinstance(names, dict)
            else names
            for test, names in sorted(tests.items())
        }
    return ordered


def _is_set(value: object) -> bool:
    return isinstance(value, Unknown) or (value is not None and value != "")


def _single(value: object) -> object:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _own(body: dict[str, object]) -> Document | Unknown:
    """The document that the blocks of the data source describe."""
    document: Document = {"Version": body["version"] if _is_set(body.get("version")) else VERSION}
    if body.get("policy_id") is not None:
        document["Id"] = body["policy_id"]
    blocks = body.get("statement", [])
    if isinstance(blocks, Unknown):
        document["Statement"] = [Unknown(f"statements are unknown: {blocks.reason}", blocks.repair)]
    else:
        document["Statement"] = [_statement(block) for block in elements(blocks) if isinstance(block, dict)]
    return document


def _statement(block: dict[str, object]) -> object:
    statement: dict[str, object] = {}
    if block.get("sid") is not None:
        statement["Sid"] = block["sid"]
    statement["Effect"] = "Allow" if block.get("effect") is None else block["effect"]
    for argument, key in LISTS.items():
        items = _list(block.get(argument))
        if items is not None:
            statement[key] = items
    for argument, key in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        principals = _principals(block.get(argument))
        if principals is not None:
            statement[key] = principals
    conditions = _conditions(block.get("condition"))
    if conditions is not None:
        statement["Condition"] = conditions
    return statement


def _list(value: object, *, ordered: bool = False) -> object:
    """A list as the provider writes it; None when it is absent or empty."""
    if value is None or isinstance(value, Unknown):
        return value
    items = [_variables(item) for item in elements(value)]
    if not items:
        return None
    if not ordered and all(isinstance(item, str) for item in items):
        return _single(sorted(set(map(str, items)), reverse=True))
    return _single(items)


def _variables(item: object) -> object:
    """``&{aws:username}`` is written so that Terraform does not take it for its own."""
    if isinstance(item, TfTemplate):
        return TfTemplate(
            [part.replace("&{", "${") if isinstance(part, str) else part for part in item.parts]
        )
    return item if isinstance(item, Unknown) else text(item).replace("&{", "${")


def _principals(value: object) -> object:
    if value is None or isinstance(value, Unknown):
        return value
    found: dict[str, object] = {}
    for block in elements(value):
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if isinstance(kind, Unknown):
            return kind
        identifiers = _list(block.get("identifiers"))
        if kind == "*" and identifiers == "*":
            return "*"
        found[text(kind)] = _joined(found.get(text(kind)), identifiers)
    return found or None


def _joined(present: object, more: object) -> object:
    """Two values of one key as one list."""
    if present is None:
        return more
    if more is None:
        return present
    return [
        *(present if isinstance(present, list) else [present]),
        *(more if isinstance(more, list) else [more]),
    ]


def _conditions(value: object) -> object:
    if value is None or isinstance(value, Unknown):
        return value
    tests: dict[str, dict[str, object]] = {}
    for block in elements(value):
        if not isinstance(block, dict):
            continue
        test, variable = block.get("test"), block.get("variable")
        if isinstance(test, Unknown):
            return test
        key = condition_key(variable)
        names = tests.setdefault(text(test), {})
        names[key] = _joined(names.get(key), _list(block.get("values"), ordered=True))
    return {test: dict(sorted(names.items())) for test, names in sorted(tests.items())} or None


def condition_key(variable: object) -> str:
    """The key of a condition as text; unknown parts keep their identity: ``${aws_eks….issuer}:sub``."""
    if not isinstance(variable, Unknown):
        return text(variable)
    name = identity(variable)
    if name is None:
        raise EvaluationError("the variable of a condition is unknown")
    return name
