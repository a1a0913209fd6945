"""Edits of single arguments and blocks of a .tf file that leave every other byte as it is.

Each function gives one :class:`~auditor.spans.Edit`, or raises :class:`CannotEdit` with the reason: a value
that a variable, a local, a module or an instance gives is not overwritten here, it is changed where it is set.
An edit is only given out after the file with the edit in it was parsed again and said exactly what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from auditor.spans import Edit
from auditor.terraform import emit
from auditor.terraform.blocks import BlockReader
from auditor.terraform.config import expression_of, reference_text
from auditor.terraform.expressions import Attribute, Call, Expression, Index, Name, Object, Tuple
from auditor.terraform.layout import Entry, brace, end_of_line, indent_of, newline_of, placement
from auditor.terraform.model import PathStep
from auditor.terraform.places import Definitions, Places
from auditor.terraform.shape import BLOCKS, Shape, is_constant, nested, shape, value_of, with_value
from auditor.terraform.source import AttributeNode, BlockNode, Body, SourceFile

Path = Sequence[PathStep]


class CannotEdit(Exception):
    """Why an edit cannot be made, and where the value is set instead."""


def set_value(places: Places, path: Path, value: Any) -> Edit:
    """Replace the constant at ``path``, or add it with the block or object that is missing."""
    value = _references(path, value)
    return _Editor(places).checked(
        lambda editor: editor.set(path, value), lambda body: with_value(body, path, value)
    )


def append_item(places: Places, path: Path, value: Any) -> Edit:
    """Add an element to the list, a value to the map, or a nested block (where ``value`` is a map)."""
    editor = _Editor(places)
    node, rest = editor.walk(path)
    if isinstance(node, _Block) and len(rest) == 1 and isinstance(value, dict) and not editor.takes_values:
        index = len(nested(shape(node.body), str(rest[0])))
        full = (*path, index)
        return editor.checked(
            lambda each: each.add_block(node, str(rest[0]), value),
            lambda body: _with_block(body, full, value),
        )
    if not rest and isinstance(node, _Value) and isinstance(node.expression, Tuple):
        return set_value(places, (*path, len(node.expression.items)), _references(path, value))
    if isinstance(value, dict) and (rest or isinstance(node, _Value)):
        name = _free_name(value, node)
        return set_value(places, (*path, name), value)
    if rest:
        return set_value(places, path, [value])
    raise CannotEdit(f"{_dotted(path)} is no list that stands here")


def remove(places: Places, path: Path) -> Edit:
    """Remove an argument, or a nested block, with its own lines."""
    editor = _Editor(places)
    return editor.checked(lambda each: each.remove(path), lambda body: _without(body, path))


def moved(places: Places, data: bytes) -> Places:
    """The same block in other bytes of its file: what a further edit needs after a first one."""
    source = SourceFile(places.source.path, data.decode("utf-8-sig"))
    BlockReader(source).read()
    numbers = _numbers(places.source.body, places.start) or []
    body, block = source.body, None
    for number in numbers:
        block = body.blocks[number]
        body = block.body
    if block is None:
        raise CannotEdit(f"the block is no longer found in {source.path}")
    return Places(source, block.start, block.end, body, places.module)


def _references(path: Path, value: Any) -> Any:
    """What ``lifecycle.ignore_changes`` holds are names, not texts."""
    if "ignore_changes" not in path:
        return value
    if isinstance(value, list):
        return [emit.reference(str(each)) for each in value]
    return emit.reference(str(value))


class _Block(NamedTuple):
    """A block's body and where it stands, braces included."""

    body: Body
    source: SourceFile
    start: int
    end: int


class _Value(NamedTuple):
    """An expression and the entry (argument or item of an object) that it is the value of."""

    expression: Expression
    source: SourceFile


class _Editor:
    """Finds the characters to change in the file of one block."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.top = _Block(places.body, places.source, places.start, places.end)
        if places.source.path.endswith(".json"):
            raise CannotEdit("Terraform's JSON syntax is usually generated: change what generates it")
        self.takes_values = places.source.text.startswith("module", places.start)
        """Calls of modules have arguments only, no nested blocks."""

    def checked(
        self, make: Callable[[_Editor], tuple[SourceFile, int, int, str]], intend: Callable[[Shape], None]
    ) -> Edit:
        """The edit, after the file was read back with it."""
        source, start, end, text = make(self)
        newline = newline_of(source.text)
        text = text.replace("\n", newline) if newline != "\n" else text
        wanted, found = _shapes(self.places, source, (start, end, text), intend)
        if wanted != found:
            raise CannotEdit(f"the edit of {source.path} would change more than it should")
        span = source.span(start, end)
        return Edit(span.start, span.end, text.encode())

    def walk(self, path: Path) -> tuple[_Block | _Value, Path]:
        """The innermost thing on the way that exists, and the steps that are left below it."""
        node: _Block | _Value = self.top
        rest: Path = tuple(path)
        while rest:
            below = self._value(node, rest) if isinstance(node, _Value) else self._block(node, rest)
            if below is None:
                break
            node, rest = below
        return node, rest

    def _block(self, node: _Block, rest: Path) -> tuple[_Block | _Value, Path] | None:
        name = str(rest[0])
        attribute = node.body.attributes.get(name)
        if attribute is not None:
            return _Value(self._expression(attribute), attribute.source), rest[1:]
        if any(block.kind == "dynamic" and block.labels == [name] for block in node.body.blocks):
            raise CannotEdit(f"{name} blocks are made by a dynamic block at {_at(node.source, node.start)}")
        blocks = node.body.blocks_of(name)
        index = rest[1] if len(rest) > 1 and isinstance(rest[1], int) else 0
        if len(rest) == 1 or index >= len(blocks):
            return None
        found = blocks[index]
        below = rest[2:] if isinstance(rest[1], int) else rest[1:]
        return _Block(found.body, found.source, found.start, found.end), below

    def _value(self, node: _Value, rest: Path) -> tuple[_Value, Path] | None:
        inside = node.expression
        if isinstance(inside, Object):
            for key, value in inside.items:
                if str(value_of(key, node.source.text)) == str(rest[0]):
                    return _Value(value, node.source), rest[1:]
            return None
        if isinstance(inside, Tuple) and isinstance(rest[0], int):
            if rest[0] < len(inside.items):
                return _Value(inside.items[rest[0]], node.source), rest[1:]
            return None
        raise CannotEdit(self._why(node))

    def _expression(self, attribute: AttributeNode) -> Expression:
        found = expression_of(attribute)
        if found is None:
            raise CannotEdit(f"the value at {_at(attribute.source, attribute.start)} does not parse")
        return found

    def _why(self, node: _Value) -> str:
        """Where a value that is not written here comes from."""
        for kind, name in _names(node.expression):
            if kind in {"each", "count"}:
                return f"the value differs from instance to instance ({kind}.{name})"
            if kind not in {"var", "local"}:
                return f"the value comes from {kind}.{name}"
            place = _definition(self.places.module, kind, name)
            return f"the value comes from {kind}.{name}" + (f", set at {place}" if place else "")
        return f"the value at {_at(node.source, node.expression.start)} is computed"

    def set(self, path: Path, value: Any) -> tuple[SourceFile, int, int, str]:
        """Replace or insert."""
        node, rest = self.walk(path)
        if isinstance(node, _Value):
            if rest:
                return self._add_item(node, rest, value)
            if not is_constant(value_of(node.expression, node.source.text)) and not _bare_names(path):
                raise CannotEdit(self._why(node))
            line = indent_of(node.source.text, node.expression.start)
            return (
                node.source,
                node.expression.start,
                node.expression.end,
                emit.expression(value, line),
            )
        if not rest:
            raise CannotEdit(f"{_dotted(path)} is a block, not an argument")
        name = str(rest[0])
        if len(rest) == 1:
            return self._add_argument(node, name, value)
        if name == "lifecycle" or isinstance(rest[1], int):
            inner = rest[2:] if isinstance(rest[1], int) else rest[1:]
            return self.add_block(node, name, _nest(inner, value) if inner else value)
        return self._add_argument(node, name, _nest(rest[1:], value))

    def _add_argument(self, node: _Block, name: str, value: Any) -> tuple[SourceFile, int, int, str]:
        text = node.source.text
        entries = [
            Entry(each.start, each.start + len(each.name), each.value_start, each.end)
            for each in node.body.attributes.values()
            if each.source is node.source and node.start <= each.start < node.end
        ]
        blocks = [b.start for b in node.body.blocks if b.source is node.source]
        first = min(blocks, default=node.end)
        above = [entry for entry in entries if entry.start < first] or entries
        above = [entry for entry in above if text[entry.start : entry.key_end] != "depends_on"] or above
        opening = brace(text, node.start)
        place = placement(text, opening, node.end - 1, above, name, followed=bool(blocks))
        return node.source, place.start, place.end, place.write(name, value)

    def _add_item(self, node: _Value, rest: Path, value: Any) -> tuple[SourceFile, int, int, str]:
        inside, text = node.expression, node.source.text
        value = _nest(rest[1:], value)
        if isinstance(inside, Tuple):
            return (node.source, *_tuple_item(text, inside, value))
        entries = [
            Entry(key.start, key.end, item.start, item.end)
            for key, item in inside.items  # type: ignore[attr-defined]
        ]
        place = placement(text, inside.start, inside.end - 1, entries, emit.key(str(rest[0])), items=True)
        return node.source, place.start, place.end, place.write(emit.key(str(rest[0])), value)

    def add_block(self, node: _Block, name: str, value: Any) -> tuple[SourceFile, int, int, str]:
        """A nested block at the end of its kind, else of the body."""
        text = node.source.text
        alike = [each for each in node.body.blocks_of(name) if each.source is node.source]
        outer = indent_of(text, node.start)
        inner = indent_of(text, alike[-1].start) if alike else outer + emit.INDENT
        if alike:
            at = end_of_line(text, alike[-1].end)
            return node.source, at, at, "\n\n" + emit.block(name, value, inner).rstrip("\n")
        opening, closing = brace(text, node.start), node.end - 1
        held = text[opening + 1 : closing]
        if "\n" not in held:
            kept = f"{inner}{held.strip()}\n\n" if held.strip() else ""
            return (
                node.source,
                opening + 1,
                closing,
                f"\n{kept}{emit.block(name, value, inner)}{outer}",
            )
        last = max(
            (each for each in node.body.blocks if each.source is node.source), key=_start, default=None
        )
        if last is not None and last.kind == "lifecycle" and not text[last.end : closing].strip():
            at = text.rfind("\n", 0, last.start) + 1
            return node.source, at, at, emit.block(name, value, inner) + "\n"
        at = text.rfind("\n", 0, closing) + 1
        blank = "\n" if held.strip() else ""
        return node.source, at, at, blank + emit.block(name, value, inner)

    def remove(self, path: Path) -> tuple[SourceFile, int, int, str]:
        """The lines of an argument or a block."""
        parent, rest = self.walk(path[:-1])
        if rest or not isinstance(parent, _Block):
            return self._remove_nested(path)
        attribute = parent.body.attributes.get(str(path[-1]))
        if attribute is None:
            raise CannotEdit(f"{_dotted(path)} does not exist")
        return _lines(attribute.source, attribute.start, attribute.end)

    def _remove_nested(self, path: Path) -> tuple[SourceFile, int, int, str]:
        """A block by its number."""
        parent, _ = self.walk(path[:-2])
        if isinstance(parent, _Block) and len(path) > 1 and isinstance(path[-1], int):
            blocks = parent.body.blocks_of(str(path[-2]))
            if path[-1] < len(blocks):
                found: BlockNode = blocks[path[-1]]
                return _lines(found.source, found.start, found.end)
        raise CannotEdit(f"{_dotted(path)} does not stand here as an argument or a block")


def _start(block: BlockNode) -> int:
    return block.start


def _lines(source: SourceFile, start: int, end: int) -> tuple[SourceFile, int, int, str]:
    """Whole lines, and the blank line that would be left twice or at the end of the body."""
    text = source.text
    first = text.rfind("\n", 0, start) + 1
    last = end_of_line(text, end)
    if text[first:start].strip() or _trailing(text[end:last]):
        raise CannotEdit(f"other things stand on the line of {_at(source, start)}")
    before = text[:first].rstrip(" \t\r\n")
    blank_above = text.count("\n", len(before), first) > 1
    after = text[last + 1 : end_of_line(text, last + 1)].strip()
    if blank_above and after in ("", "}"):
        first = text.rfind("\n", 0, first - 1) + 1
    return source, first, min(last + 1, len(text)), ""


def _trailing(rest: str) -> bool:
    rest = rest.strip()
    return bool(rest) and not rest.startswith(("#", "//"))


def _tuple_item(text: str, inside: Tuple, value: Any) -> tuple[int, int, str]:
    held = text[inside.start + 1 : inside.end - 1]
    if not inside.items:
        return inside.start, inside.end, "[" + emit.expression(value, inline=True) + "]"
    last = inside.items[-1]
    if "\n" not in held:
        return last.end, last.end, ", " + emit.expression(value, inline=True)
    indent = indent_of(text, last.start)
    at = end_of_line(text, last.end)
    rest = text[last.end : at]
    if at > inside.end - 1:
        return last.end, last.end, ", " + emit.expression(value, inline=True)
    comma = "" if rest.lstrip().startswith(",") else ","
    return last.end, at, f"{comma}{rest.rstrip()}\n{indent}{emit.expression(value, indent)},"


def _nest(steps: Path, value: Any) -> Any:
    """``value`` inside the maps and blocks that ``steps`` name."""
    for step in reversed(steps):
        value = [value] if isinstance(step, int) else {str(step): value}
    return value


def _free_name(value: dict[str, Any], node: _Block | _Value) -> str:
    """A key for a new item of a map of objects, after what it is about."""
    word = str(value.get("name") or value.get("key") or "added").rsplit("/", 1)[-1]
    name = "".join(each if each.isalnum() else "_" for each in word) or "added"
    taken = {
        str(value_of(k, node.source.text)) for k, _ in getattr(getattr(node, "expression", None), "items", ())
    }
    while name in taken:
        name += "_2"
    return name


def _bare_names(path: Path) -> bool:
    return "ignore_changes" in path


def _names(node: Expression | None) -> list[tuple[str, str]]:
    """Names that an expression reads, those of variables and locals first."""
    found: list[tuple[str, str]] = []
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, Attribute | Index) and (name := reference_text(each)):
            kind, _, rest = name.partition(".")
            found.append((kind, rest.partition(".")[0].partition("[")[0] if kind in _KINDS else rest))
            continue
        if isinstance(each, Name):
            continue
        stack += _inside(each)
    return sorted(found, key=lambda name: name[0] not in {"var", "local", "each", "count"})


_KINDS = frozenset({"var", "local", "each", "count"})


def _inside(node: Any) -> list[Expression]:
    """The expressions directly below one."""
    if isinstance(node, Call):
        return list(node.args)
    if isinstance(node, Object):
        return [each for item in node.items for each in item]
    if isinstance(node, Tuple):
        return list(node.items)
    below: list[Expression] = []
    for cls in type(node).__mro__:
        for field in getattr(cls, "__slots__", ()):
            held = getattr(node, field, None)
            if isinstance(held, Expression):
                below.append(held)
            elif isinstance(held, list | tuple):
                below += [each for each in held if isinstance(each, Expression)]
    return below


def _definition(module: Definitions, kind: str, name: str) -> str:
    found = module.definition(kind, name)
    return _at(found[0].source, found[0].start) if found else ""


def _at(source: SourceFile, offset: int) -> str:
    return f"{source.path}:{source.line(offset)}"


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def _with_block(body: Shape, path: Path, value: Any) -> None:
    from auditor.terraform.shape import block_shape

    for step, index in zip(path[:-2:2], path[1:-2:2], strict=True):
        body = nested(body, str(step))[int(index)][2]
    body[BLOCKS].append([str(path[-2]), [], block_shape(value)])


def _without(body: Shape, path: Path) -> None:
    path = tuple(path)
    while len(path) > 1 and not (len(path) == 2 and isinstance(path[1], int)):
        rows = nested(body, str(path[0]))
        index = path[1] if isinstance(path[1], int) else 0
        body, path = rows[index][2], path[2:] if isinstance(path[1], int) else path[1:]
    if len(path) == 1:
        body.pop(str(path[0]), None)
    else:
        body[BLOCKS].remove(nested(body, str(path[0]))[int(path[1])])


def _shapes(
    places: Places, source: SourceFile, edit: tuple[int, int, str], intend: Callable[[Shape], None]
) -> tuple[Shape, Shape]:
    """What the whole file should say, and what it says with the edit; blocks compare in order of their kind."""
    start, end, text = edit
    if source is not places.source:
        raise CannotEdit(f"the value is set elsewhere: {_at(source, start)}")
    again = SourceFile(source.path, source.text[:start] + text + source.text[end:])
    BlockReader(again).read()
    numbers = _numbers(source.body, places.start)
    if again.problems != source.problems or numbers is None:
        raise CannotEdit(f"{source.path} would not parse with the edit")
    wanted, found = shape(source.body), shape(again.body)
    block = wanted
    for number in numbers:
        block = block[BLOCKS][number][2]
    intend(block)
    return _sorted(wanted), _sorted(found)


def _numbers(body: Body, start: int) -> list[int] | None:
    """The way to the block that begins at ``start``, by numbers; None when there is none."""
    for number, block in enumerate(body.blocks):
        if block.start == start:
            return [number]
        below = _numbers(block.body, start) if block.start < start < block.end else None
        if below is not None:
            return [number, *below]
    return None


def _sorted(body: Shape) -> Shape:
    rows = [[kind, labels, _sorted(inner)] for kind, labels, inner in body[BLOCKS]]
    return {**body, BLOCKS: sorted(rows, key=lambda row: (row[0], row[1]))}
