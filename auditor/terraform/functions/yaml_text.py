"""yamlencode() and yamldecode(), which read the words of YAML 1.1 (yes, on, y) as bools."""

from __future__ import annotations

from fractions import Fraction

from auditor.patterns import regex
from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.functions.encoding import json_text
from auditor.terraform.limits import Budget
from auditor.terraform.unknowns import TfCall
from auditor.terraform.values import first_unknown, normalise, text
from auditor.unknown import Unknown, UnknownUsed

INTEGER = regex(r"[-+]?(0|[1-9][0-9]*)\Z")
DECIMAL = regex(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")
CONSTANTS: dict[str, object] = {"": None, "null": None, "~": None, "Null": None, "NULL": None}
CONSTANTS |= dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True)
FALSE = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]
CONSTANTS |= dict.fromkeys(FALSE, False)
OTHER_NUMBER = regex(r"[-+]?(0[xob0-9][0-9a-fA-F_]*|\.(inf|Inf|INF|nan|NaN|NAN)|[0-9][0-9_:.]*)\Z")
TIMESTAMP = regex(r"\d{4}-\d{1,2}-\d{1,2}")


def yamlencode(ctx: Context, value: object) -> object:
    inside = first_unknown(value, ctx.budget)
    if inside is not None:
        return TfCall("yamlencode", [value], inside)
    lines = _lines(value, ctx.budget)
    end = "\n" if isinstance(value, (str, dict, list)) else "\n...\n"
    return "\n".join(lines) + end


def _lines(value: object, budget: Budget) -> list[str]:
    budget.spend(1)
    if isinstance(value, dict) and value:
        return [line for key in sorted(value) for line in _entry(json_text(key, budget), value[key], budget)]
    if isinstance(value, list) and value:
        found: list[str] = []
        for item in value:
            inner = _lines(item, budget)
            found.append(f"- {inner[0]}")
            found.extend(f"  {line}" for line in inner[1:])
        return found
    if isinstance(value, str) and "\n" in value:
        raise UnknownUsed(Unknown("yamlencode() of a text of several lines is not evaluated here"))
    return [json_text(value, budget)]


def _entry(key: str, value: object, budget: Budget) -> list[str]:
    lines = _lines(value, budget)
    if isinstance(value, dict) and value:
        return [f"{key}:", *(f"  {line}" for line in lines)]
    if isinstance(value, list) and value:
        return [f"{key}:", *lines]
    return [f"{key}: {lines[0]}", *lines[1:]]


def yamldecode(ctx: Context, value: object) -> object:
    import yaml

    source = text(value)
    ctx.budget.spend(len(source))
    try:
        documents = list(yaml.compose_all(source, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    except (yaml.YAMLError, RecursionError, ValueError):
        raise EvaluationError("yamldecode() takes YAML") from None
    if len(documents) > 1:
        raise EvaluationError("yamldecode() takes one document")
    if not documents:
        raise EvaluationError("yamldecode() takes a document that is not empty")
    return _value(documents[0], ctx.budget)


def _value(node: object, budget: Budget) -> object:
    import yaml

    budget.spend(1)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key_node, item in node.value:
            key = _value(key_node, budget)
            if isinstance(key_node, yaml.ScalarNode) and key_node.value == "<<" and not key_node.style:
                raise UnknownUsed(Unknown("YAML merge keys are not evaluated here"))
            found["null" if key is None else text(key)] = _value(item, budget)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, budget) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node.value, plain=not node.style and _untagged(node.tag), tag=node.tag)
    return None


def _untagged(tag: str) -> bool:
    return tag in {"tag:yaml.org,2002:str", "tag:yaml.org,2002:null", "", "?"}


def _scalar(value: str, *, plain: bool, tag: str) -> object:
    if not plain:
        if _untagged(tag) or tag == "!":
            return value
        raise UnknownUsed(Unknown("YAML tags are not evaluated here"))
    if value in CONSTANTS:
        return CONSTANTS[value]
    if INTEGER.match(value) or DECIMAL.match(value):
        return normalise(Fraction(value))
    if OTHER_NUMBER.match(value):
        raise UnknownUsed(Unknown("this YAML number is not evaluated here"))
    if TIMESTAMP.match(value):
        raise UnknownUsed(Unknown("YAML timestamps are not evaluated here"))
    return value


FUNCTIONS: dict[str, Function] = {"yamldecode": yamldecode, "yamlencode": yamlencode}
