"""Arguments about the configuration itself: lifecycle, required providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.spans import Span
from auditor.terraform.config import expression_of, object_items, reference_text
from auditor.terraform.expressions import Expression, Literal, Object, Template, Tuple
from auditor.terraform.source import AttributeNode, BlockNode
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.terraform.instance import ModuleInstance
    from auditor.terraform.model import PathStep


class Requirement(NamedTuple):
    """One entry of required_providers."""

    source: str
    version: str
    attribute: AttributeNode


class AttributePlace:
    """Locates everything at one argument."""

    __slots__ = ("attribute",)

    def __init__(self, attribute: AttributeNode) -> None:
        self.attribute = attribute

    def locate(self, path: Sequence[PathStep]) -> tuple[str, Span]:
        source = self.attribute.source
        return source.path, source.span(self.attribute.start, self.attribute.end)


def required_providers(module: ModuleInstance) -> dict[str, Requirement]:
    """By local name; the version is the constraint as written."""
    found: dict[str, Requirement] = {}
    for settings in module.config.settings:
        for block in settings.body.blocks_of("required_providers"):
            for name, attribute in block.body.attributes.items():
                found[name] = _requirement(name, attribute)
    return found


def _requirement(name: str, attribute: AttributeNode) -> Requirement:
    expression = expression_of(attribute)
    if not isinstance(expression, Object):
        return Requirement(f"hashicorp/{name}", constant(expression), attribute)
    items = object_items(attribute)
    return Requirement(
        constant(items.get("source")) or f"hashicorp/{name}", constant(items.get("version")), attribute
    )


def constant(expression: Expression | None) -> str:
    """The text of a string without interpolation, else ""."""
    if isinstance(expression, Literal) and isinstance(expression.constant, str):
        return expression.constant
    if isinstance(expression, Template):
        return "".join(part for part in expression.parts if isinstance(part, str))
    return ""


def lifecycle(block: BlockNode, module: ModuleInstance) -> dict[str, object]:
    """ignore_changes as a list of names ("all" for all), and the flags that are set."""
    found: dict[str, object] = {}
    for inner in block.body.blocks_of("lifecycle"):
        for name, attribute in inner.body.attributes.items():
            if name == "ignore_changes":
                found[name] = _names(expression_of(attribute))
            elif name in {"prevent_destroy", "create_before_destroy"}:
                value = module.evaluate(attribute)
                found[name] = value if isinstance(value, (bool, Unknown)) else value == "true"
    return found


def _names(expression: Expression | None) -> list[str]:
    if isinstance(expression, Tuple):
        names = [reference_text(item) or constant(item) for item in expression.items]
        return [name for name in names if name]
    name = reference_text(expression) or constant(expression) if expression is not None else ""
    return [name] if name else []
