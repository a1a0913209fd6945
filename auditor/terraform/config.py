"""The files of one module directory, merged into one configuration as Terraform merges them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from auditor.spans import Problem
from auditor.terraform.blocks import BlockReader
from auditor.terraform.errors import HclSyntaxError
from auditor.terraform.expressions import Attribute as AttributeStep
from auditor.terraform.expressions import Expression, Index, Literal, Name, Object
from auditor.terraform.json_syntax import read_json
from auditor.terraform.limits import Limits
from auditor.terraform.source import AttributeNode, BlockNode, Body, SourceFile

Read = Callable[[str], bytes]
Key = TypeVar("Key")


class ModuleConfig(Struct):
    """What the files of ``directory`` declare, by name."""

    directory: str
    sources: list[SourceFile] = field(default_factory=list)
    resources: dict[tuple[str, str, str], BlockNode] = field(default_factory=dict)
    modules: dict[str, BlockNode] = field(default_factory=dict)
    variables: dict[str, BlockNode] = field(default_factory=dict)
    outputs: dict[str, BlockNode] = field(default_factory=dict)
    locals: dict[str, AttributeNode] = field(default_factory=dict)
    providers: dict[tuple[str, str], BlockNode] = field(default_factory=dict)
    settings: list[BlockNode] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def is_override(path: str) -> bool:
    stem = posixpath.basename(path).removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def read_source(path: str, read: Read, limits: Limits) -> SourceFile:
    """The parsed file; what is wrong with it stands in its ``problems``."""
    try:
        data = read(path)
    except (OSError, KeyError, ValueError) as error:
        return _broken(path, f"file cannot be read: {type(error).__name__}", "check its permissions")
    if len(data) > limits.file_bytes:
        return _broken(path, f"file is larger than {limits.file_bytes} bytes", "split it")
    return _parse(path, data)


def _broken(path: str, what: str, repair: str) -> SourceFile:
    source = SourceFile(path, "")
    source.problems.append(Problem(path, 0, 0, what, repair))
    return source


@lru_cache(maxsize=256)
def _parse(path: str, data: bytes) -> SourceFile:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        source = _broken(path, "file is not UTF-8", "save it as UTF-8")
        source.problems = [source.problems[0]._replace(line=line, column=1)]
        return source
    source = SourceFile(path, text)
    try:
        if path.endswith(".json"):
            read_json(source)
        else:
            BlockReader(source).read()
    except RecursionError:
        source.problems.append(Problem(path, 0, 0, "file is nested too deeply", "simplify it"))
    return source


def load_config(directory: str, paths: Iterable[str], read: Read, limits: Limits) -> ModuleConfig:
    """The configuration of the files ``paths``, all of which lie in ``directory``."""
    config = ModuleConfig(directory)
    ordered = sorted(paths, key=lambda path: (is_override(path), path))
    for path in ordered:
        source = read_source(path, read, limits)
        config.sources.append(source)
        config.problems.extend(source.problems)
        for block in source.body.blocks:
            _add(config, block, is_override(path))
    return config


def _add(config: ModuleConfig, block: BlockNode, override: bool) -> None:
    labels = block.labels
    if block.kind in {"resource", "data"} and len(labels) == 2:
        mode = "managed" if block.kind == "resource" else "data"
        _put(config, config.resources, (mode, labels[0], labels[1]), block, override)
    elif block.kind == "module" and len(labels) == 1:
        _put(config, config.modules, labels[0], block, override)
    elif block.kind == "variable" and len(labels) == 1:
        _put(config, config.variables, labels[0], block, override)
    elif block.kind == "output" and len(labels) == 1:
        _put(config, config.outputs, labels[0], block, override)
    elif block.kind == "provider" and len(labels) == 1:
        alias = block.body.attributes.get("alias")
        _put(config, config.providers, (labels[0], _quoted(alias)), block, override)
    elif block.kind == "locals":
        _add_locals(config, block, override)
    elif block.kind == "terraform":
        config.settings.append(block)


def _quoted(attribute: AttributeNode | None) -> str:
    text = attribute.source.text[attribute.value_start : attribute.end] if attribute else ""
    return text.strip('"')


def _put(
    config: ModuleConfig, table: dict[Key, BlockNode], key: Key, block: BlockNode, override: bool
) -> None:
    present = table.get(key)
    if present is None:
        table[key] = block
    elif override:
        table[key] = _merged(present, block)
    else:
        what = f"{block.kind} {' '.join(block.labels)} is declared twice"
        config.problems.append(block.source.problem(block.start, what, "rename or remove one of them"))


def _add_locals(config: ModuleConfig, block: BlockNode, override: bool) -> None:
    for name, attribute in block.body.attributes.items():
        if name in config.locals and not override:
            problem = attribute.source.problem(
                attribute.start, f"local {name} is declared twice", "remove one"
            )
            config.problems.append(problem)
        else:
            config.locals[name] = attribute


def _merged(base: BlockNode, override: BlockNode) -> BlockNode:
    """Arguments of the override win; nested blocks replace all of their kind."""
    attributes = {**base.body.attributes, **override.body.attributes}
    replaced = {_block_name(block) for block in override.body.blocks}
    kept = [block for block in base.body.blocks if _block_name(block) not in replaced]
    body = Body(attributes, [*kept, *override.body.blocks])
    return BlockNode(base.kind, base.labels, body, base.source, base.start, base.end)


def _block_name(block: BlockNode) -> str:
    return block.labels[0] if block.kind == "dynamic" and block.labels else block.kind


def reference_text(expression: Expression) -> str:
    """``aws.west`` or ``scaling_config[0].desired_size`` as written; "" for anything else."""
    if isinstance(expression, Name):
        return expression.name
    if isinstance(expression, AttributeStep):
        base = reference_text(expression.base)
        return f"{base}.{expression.name}" if base else ""
    if isinstance(expression, Index) and isinstance(expression.key, Literal):
        base = reference_text(expression.base)
        return f"{base}[{expression.key.constant}]" if base else ""
    return ""


def expression_of(attribute: AttributeNode | None) -> Expression | None:
    """The parsed expression; None where there is none or it is broken."""
    if attribute is None:
        return None
    try:
        return attribute.expression()
    except (HclSyntaxError, RecursionError):
        return None


def object_items(attribute: AttributeNode | None) -> dict[str, Expression]:
    """The items of an argument that is an object with plain names, as `providers` of a module call."""
    expression = expression_of(attribute)
    if not isinstance(expression, Object):
        return {}
    items: dict[str, Expression] = {}
    for key, value in expression.items:
        name = str(key.constant) if isinstance(key, Literal) else reference_text(key)
        items[name] = value
    return items
