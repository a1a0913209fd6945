"""What is wrong with the triggers of a KEDA scaler, by the rules that KEDA itself runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.data._tables import nearest
from auditor.data.keda import check_metadata
from auditor.model import Path, Resource
from auditor.paths import render
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

# Words of the expression language that KEDA compiles formulas with: https://expr-lang.org/docs/language-definition
_WORDS = {"true", "false", "nil", "in", "not", "and", "or", "let", "if", "else", "matches", "contains"}
_WORDS |= {"startsWith", "endsWith"}
_QUOTED = regex(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_BOUND = regex(r"\blet\s+([A-Za-z_]\w*)")
_NAME = regex(r"(?<![\w.#])([A-Za-z_]\w*)\s*(\(|:(?!:))?")


class KedaTriggers:
    """``facts.keda_triggers`` of a ScaledObject or ScaledJob: ``{problems, formula}``.

    ``problems``: ``{type, key, what, suggestion, kind, at}`` each, kinds as in
    :class:`auditor.data.keda.MetadataProblem`. ``formula``: names in ``scalingModifiers.formula`` that no
    trigger bears, ``{name, suggestion}`` each.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        scaler = instance.resource
        return {
            "problems": [row for place in triggers_of(scaler) for row in _problems(scaler, *place)],
            "formula": list(_unknown_names(scaler)),
        }


def triggers_of(scaler: Resource) -> Iterator[tuple[int, dict[str, Any]]]:
    """Index and body of each trigger that is a map."""
    listed = dig(scaler.body, ("spec", "triggers"))
    for index, trigger in enumerate(listed if type(listed) is list else ()):
        if type(trigger) is dict:
            yield index, trigger


def _problems(scaler: Resource, index: int, trigger: dict[str, Any]) -> Iterator[dict[str, str]]:
    kind, metadata = trigger.get("type"), trigger.get("metadata")
    for found in check_metadata(kind, metadata, "authenticationRef" in trigger):
        path: Path = ("spec", "triggers", index)
        if found.kind == "unknown-trigger":
            path = (*path, "type")
        elif found.kind == "missing":
            path = (*path, "metadata")
        else:
            path = (*path, "metadata", found.key)
        yield {
            "type": str(kind),
            "key": found.key,
            "what": found.what,
            "suggestion": found.suggestion,
            "kind": found.kind,
            "at": render(scaler.body, path),
        }


def _unknown_names(scaler: Resource) -> Iterator[dict[str, str]]:
    formula = dig(scaler.body, ("spec", "advanced", "scalingModifiers", "formula"))
    if not isinstance(formula, str) or isinstance(formula, Unknown):
        return
    named = [
        trigger["name"]
        for _, trigger in triggers_of(scaler)
        if isinstance(trigger.get("name"), str) and trigger.get("type") not in ("cpu", "memory")
    ]
    text = _QUOTED.sub("''", formula)
    known = {*named, *_BOUND.findall(text), *_WORDS}
    asked = [found[1] for found in _NAME.finditer(text) if not found[2]]
    for name in dict.fromkeys(asked):
        if name not in known:
            yield {"name": name, "suggestion": nearest(name, named) or ""}
