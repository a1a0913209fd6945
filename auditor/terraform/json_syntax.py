"""Terraform's JSON syntax (.tf.json), read into the same blocks as HCL.

JSON does not say whether an object is a nested block or the value of an argument; the provider's schema
does. Lists of objects look the same either way. A sole object counts as a block only where its name is one
of :data:`BLOCK_NAMES`, nested blocks that policies read.
"""

from __future__ import annotations

import json

from auditor.patterns import regex
from auditor.terraform.errors import HclSyntaxError
from auditor.terraform.expressions import Expression, Literal, Object, Template, Tuple
from auditor.terraform.parser import Parser
from auditor.terraform.source import AttributeNode, BlockNode, Body, SourceFile

MAX_DEPTH = 60
SPACE = regex(r"[ \t\r\n]*")
STRING = regex(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
NUMBER = regex(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
WORDS = {"true": True, "false": False, "null": None}
LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "locals": 0}
LABELS |= {"terraform": 0, "moved": 0, "import": 0, "removed": 0, "check": 1}
# fmt: off
BLOCK_NAMES = frozenset((
    "access_config", "assume_role", "autoscaling_group_provider", "backend",
    "block_device_mappings", "cloud", "condition", "configuration", "connection", "content",
    "default_tags", "dynamic", "ebs", "encryption_config", "encryption_configuration", "filter",
    "image_scanning_configuration", "instance_market_options", "kubernetes_network_config",
    "launch_template", "lifecycle", "logging_config", "metadata_options", "monitoring",
    "node_repair_config", "notification", "placement", "principals", "provider", "provisioner",
    "queue", "remote_access", "required_providers", "rule", "scaling_config",
    "server_side_encryption_configuration", "statement", "tag", "tag_specifications", "taint",
    "update_config", "upgrade_policy", "versioning", "versioning_configuration", "vpc_config",
))
# fmt: on
REPAIR = "check the file with `terraform validate`"


class JsonReader:
    """Reads JSON into expressions that know their places; strings are templates."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def document(self) -> Expression:
        found = self.value(0)
        self._skip()
        if self.at < len(self.text):
            raise HclSyntaxError("unexpected text after the JSON value", self.at)
        return found

    def _skip(self) -> None:
        found = SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _take(self, token: str) -> bool:
        self._skip()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def value(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise HclSyntaxError(f"JSON is nested more than {MAX_DEPTH} deep", self.at)
        self._skip()
        start = self.at
        if self._take("{"):
            return self._object(start, depth)
        if self._take("["):
            return self._array(start, depth)
        if self.text.startswith('"', start):
            return self._template(self._string(), start)
        for word, constant in WORDS.items():
            if self._take(word):
                return Literal(start, self.at, constant)
        found = NUMBER.match(self.text, self.at)
        if found is None:
            raise HclSyntaxError("expected a JSON value", start)
        self.at = found.end()
        return Parser(found.group()).whole_expression_at(start, self.at)

    def _string(self) -> str:
        self._skip()
        found = STRING.match(self.text, self.at)
        if found is None:
            raise HclSyntaxError("expected a JSON string", self.at)
        self.at = found.end()
        try:
            decoded = json.loads(found.group())
        except ValueError:
            raise HclSyntaxError("this JSON string has a wrong escape", found.start()) from None
        return str(decoded).encode("utf-8", "replace").decode()

    def _template(self, text: str, start: int) -> Expression:
        if "${" not in text and "%{" not in text:
            return Literal(start, self.at, text)
        try:
            inside = Parser(text).whole_template()
        except HclSyntaxError as error:
            raise HclSyntaxError(str(error), start) from None
        if not isinstance(inside, Template):
            inside.start, inside.end = start, self.at
            return inside
        return Template(start, self.at, inside.parts)

    def _object(self, start: int, depth: int) -> Expression:
        items: list[tuple[Expression, Expression]] = []
        while not self._take("}"):
            if items and not self._take(","):
                raise HclSyntaxError("expected ',' or '}'", self.at)
            self._skip()
            key_start = self.at
            name = self._string()
            key = Literal(key_start, self.at, name)
            if not self._take(":"):
                raise HclSyntaxError("expected ':'", self.at)
            items.append((key, self.value(depth + 1)))
        return Object(start, self.at, items)

    def _array(self, start: int, depth: int) -> Expression:
        items: list[Expression] = []
        while not self._take("]"):
            if items and not self._take(","):
                raise HclSyntaxError("expected ',' or ']'", self.at)
            items.append(self.value(depth + 1))
        return Tuple(start, self.at, items)


def read_json(source: SourceFile) -> None:
    """Fill ``source.body`` from JSON text."""
    try:
        document = JsonReader(source.text).document()
    except HclSyntaxError as error:
        source.problems.append(source.problem(error.at, str(error), REPAIR))
        return
    for top in objects(document):
        for name, key, value in named(top):
            _labelled(source.body, name, [], LABELS.get(name, -1), key.start, value, source)


def objects(expression: Expression) -> list[Object]:
    """An object, or the objects of an array: JSON allows both wherever blocks may repeat."""
    if isinstance(expression, Object):
        return [expression]
    if isinstance(expression, Tuple):
        return [item for item in expression.items if isinstance(item, Object)]
    return []


def named(expression: Object) -> list[tuple[str, Expression, Expression]]:
    """Name, key and value of each item; "//" is a comment."""
    found = [(str(key.constant), key, value) for key, value in expression.items if isinstance(key, Literal)]
    return [item for item in found if item[0] != "//"]


def _labelled(
    body: Body, kind: str, labels: list[str], missing: int, start: int, value: Expression, source: SourceFile
) -> None:
    """Descend through one object for each label, then read the block."""
    if missing < 0:
        return
    for each in objects(value):
        if missing:
            for label, key, inner in named(each):
                _labelled(body, kind, [*labels, label], missing - 1, key.start, inner, source)
        else:
            block = BlockNode(kind, labels, Body(), source, start, each.end)
            _fill(block.body, each, source, literal=kind == "variable", top=kind)
            body.blocks.append(block)


def _fill(body: Body, expression: Object, source: SourceFile, *, literal: bool, top: str = "") -> None:
    for name, key, value in named(expression):
        if (top == "terraform" and name == "backend") or (name == "dynamic" and top != "locals"):
            _labelled(body, name, [], 1, key.start, value, source)
        elif name in BLOCK_NAMES and top not in {"locals", "variable", "module"} and _is_block(value):
            _labelled(body, name, [], 0, key.start, value, source)
        else:
            node = AttributeNode(
                name, source, key.start, value.end, value.start, _as_argument(name, value, literal)
            )
            body.attributes[name] = node


def _is_block(value: Expression) -> bool:
    return isinstance(value, Object) or (
        isinstance(value, Tuple) and len(objects(value)) == len(value.items) > 0
    )


def _as_argument(name: str, value: Expression, literal: bool) -> Expression:
    """A type constraint is an expression in a string; an argument stays what it is."""
    if literal and name == "type" and isinstance(value, Literal) and isinstance(value.constant, str):
        try:
            return Parser(value.constant).whole_expression()
        except HclSyntaxError:
            return value
    return value
