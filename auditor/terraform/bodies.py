"""count, for_each and dynamic blocks: from one block of the source to bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from auditor.terraform.errors import EvaluationError
from auditor.terraform.places import Places
from auditor.terraform.scope import ModuleScope
from auditor.terraform.source import BlockNode, Body
from auditor.terraform.unknowns import TfReference, index_step
from auditor.terraform.values import SetValue, first_unknown, pairs, text, whole
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from auditor.terraform.instance import ModuleInstance

META_ARGUMENTS = frozenset({"count", "for_each", "depends_on", "provider", "providers"})
META_BLOCKS = frozenset({"lifecycle", "provisioner", "connection"})


class Expansion(NamedTuple):
    """(key, address suffix, names) of each instance; ``shape`` gives them the form references see."""

    items: list[tuple[object, str, dict[str, object]]]
    certain: bool
    form: str

    def shape(
        self, made: Sequence[tuple[object, object]], base: str, open_form: Callable[[object], object]
    ) -> object:
        """The value of the name: the object itself, a list (count), a map (for_each), or an open one."""
        if not self.certain:
            return open_form(made[0][1] if made else None)
        if self.form == "each":
            return {text(key): value for key, value in made}
        if self.form == "count":
            return [value for _, value in made]
        return made[0][1] if made else None


def expand(module: ModuleInstance, block: BlockNode) -> Expansion:
    """The instances that count or for_each asks for. Where that is unknown, one stands for all."""
    attributes = block.body.attributes
    if "count" in attributes:
        return _expand_count(module.evaluate(attributes["count"]), module)
    if "for_each" in attributes:
        return _expand_each(module.evaluate(attributes["for_each"]), module)
    return Expansion([(None, "", {})], True, "one")


def _open(why: Unknown, form: str) -> Expansion:
    unknown = Unknown(f"the number of instances is unknown: {why.reason}", why.repair)
    names: dict[str, object] = {"count": {"index": unknown}}
    if form == "each":
        names = {"each": {"key": unknown, "value": unknown}}
    return Expansion([(None, "[?]", names)], False, form)


def _expand_count(count: object, module: ModuleInstance) -> Expansion:
    if isinstance(count, Unknown):
        return _open(count, "count")
    try:
        number = whole(count)
    except EvaluationError as error:
        return _open(Unknown(f"count: {error}"), "count")
    if number > module.root.limits.instances:
        return _open(Unknown(f"count is larger than {module.root.limits.instances}"), "count")
    return Expansion([(at, f"[{at}]", {"count": {"index": at}}) for at in range(number)], True, "count")


def _expand_each(value: object, module: ModuleInstance) -> Expansion:
    if isinstance(value, Unknown):
        return _open(value, "each")
    if not isinstance(value, (dict, SetValue)):
        return _open(Unknown("for_each takes a map or a set of strings"), "each")
    if isinstance(value, SetValue):
        inside = first_unknown(value, module.root.budget)
        if inside is not None:
            return _open(inside, "each")
    if len(value) > module.root.limits.instances:
        return _open(Unknown(f"for_each has more than {module.root.limits.instances} elements"), "each")
    items = [(text(key), item) for key, item in pairs(value)]
    return Expansion(
        [(key, index_step(key), {"each": {"key": key, "value": item}}) for key, item in items], True, "each"
    )


class OpenBlock(dict[str, object]):
    """A nested block as a reference sees it: what the code does not set is known after apply."""

    __slots__ = ("missing",)

    def __init__(self, values: Mapping[str, object], missing: TfReference) -> None:
        super().__init__(values)
        self.missing = missing

    def member(self, name: str) -> object:
        value = self.get(name)
        return self.missing.child(name) if value is None else value

    def element(self, key: object) -> object:
        return self.member(text(key))


class BodyReader:
    """Evaluates a body in a scope, and notes the place of everything it yields."""

    __slots__ = ("module", "target")

    def __init__(self, module: ModuleInstance, target: TfReference) -> None:
        self.module = module
        self.target = target

    def body(self, body: Body, scope: ModuleScope, places: Places, below: TfReference) -> OpenBlock:
        """All arguments and nested blocks."""
        found = OpenBlock({}, below)
        for name, attribute in body.attributes.items():
            found[name] = self.module.evaluate(attribute, scope)
        for name in block_names(body):
            found[name] = self.blocks(body, name, scope, places, below)
        return found

    def blocks(self, body: Body, name: str, scope: ModuleScope, places: Places, below: TfReference) -> object:
        """The nested blocks ``name`` as a list; unknown when a dynamic block's for_each is."""
        made: list[object] = []
        noted = places.blocks.setdefault(name, [])
        unknown: Unknown | None = None
        for block in body.blocks:
            if block.kind == name:
                made.append(self._one(block, block.body, scope, noted, below, name, len(made)))
            elif block.kind == "dynamic" and block.labels == [name]:
                why = self._dynamic(block, scope, made, noted, below)
                unknown = unknown or why
        return made if unknown is None else Unknown(unknown.reason, unknown.repair)

    def _one(
        self,
        block: BlockNode,
        content: Body,
        scope: ModuleScope,
        noted: list[Places],
        below: TfReference,
        name: str,
        position: int,
    ) -> OpenBlock:
        places = Places(block.source, block.start, block.end, content, self.module)
        noted.append(places)
        step = below.child(f"{name}[{position}]")
        return self.body(content, scope, places, step if isinstance(step, TfReference) else below)

    def _dynamic(
        self,
        block: BlockNode,
        scope: ModuleScope,
        made: list[object],
        noted: list[Places],
        below: TfReference,
    ) -> Unknown | None:
        """Append one block for each element; the reason when the elements are not known."""
        attributes, contents = block.body.attributes, block.body.blocks_of("content")
        if "for_each" not in attributes or not contents:
            return None
        value = self.module.evaluate(attributes["for_each"], scope)
        items: list[tuple[object, object]] = []
        if isinstance(value, (dict, list)):
            items = pairs(value)
        elif value is not None:
            noted.append(Places(block.source, block.start, block.end, contents[0].body, self.module))
            return value if isinstance(value, Unknown) else Unknown("for_each takes a collection")
        if len(items) > self.module.root.limits.instances:
            return Unknown(f"for_each has more than {self.module.root.limits.instances} elements")
        iterator = self._iterator(block)
        for key, item in items:
            self.module.root.budget.spend(1)
            names = {**scope.names, iterator: {"key": key, "value": item}}
            inner = ModuleScope(self.module, names)
            made.append(self._one(block, contents[0].body, inner, noted, below, block.labels[0], len(made)))
        return None

    def _iterator(self, block: BlockNode) -> str:
        attribute = block.body.attributes.get("iterator")
        if attribute is None:
            return block.labels[0]
        return attribute.source.text[attribute.value_start : attribute.end].strip()


def block_names(body: Body) -> list[str]:
    """Names of nested blocks, dynamic ones by their label, in order of appearance."""
    names: dict[str, None] = {}
    for block in body.blocks:
        if block.kind == "dynamic" and len(block.labels) == 1:
            names[block.labels[0]] = None
        elif block.kind != "dynamic":
            names[block.kind] = None
    return list(names)
