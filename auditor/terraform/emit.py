"""Values as HCL, written as ``terraform fmt`` leaves them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from auditor.patterns import regex
from auditor.terraform.parser import IDENTIFIER

INDENT = "  "
MAX_LINE = 100
_REFERENCE = regex(r"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*|\[\d+\])*")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_CONTROL = regex(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Reference(str):
    """A name to write without quotes, as ``lifecycle.ignore_changes`` takes them."""

    __slots__ = ()


def text(value: str) -> str:
    """A quoted string; markers of templates are escaped."""
    escaped = value.translate(_ESCAPES).replace("${", "$${").replace("%{", "%%{")
    return '"' + _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", escaped) + '"'


def key(name: str) -> str:
    """A key of an object: bare where it may be."""
    return name if IDENTIFIER.fullmatch(name) else text(name)


def reference(name: str) -> Reference:
    """The name, checked. Raises ValueError for what is no name."""
    if not _REFERENCE.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an argument")
    return Reference(name)


def expression(value: object, indent: str = "", *, inline: bool = False) -> str:
    """An expression. Collections stand on one line where they fit or must (``inline``)."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return _object(value, indent, inline)
    if isinstance(value, list | tuple):
        return _tuple(value, indent, inline)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} cannot be written in Terraform")


def _tuple(items: list[object] | tuple[object, ...], indent: str, inline: bool) -> str:
    line = "[" + ", ".join(expression(item, inline=True) for item in items) + "]"
    nested = any(isinstance(item, Mapping | list) for item in items)
    if inline or (len(indent + line) <= MAX_LINE and not nested):
        return line
    inner = indent + INDENT
    return "[\n" + "".join(f"{inner}{expression(item, inner)},\n" for item in items) + indent + "]"


def _object(items: Mapping[str, object], indent: str, inline: bool) -> str:
    if not items:
        return "{}"
    if inline:
        pairs = ", ".join(f"{key(name)} = {expression(item, inline=True)}" for name, item in items.items())
        return "{ " + pairs + " }"
    inner = indent + INDENT
    return "{\n" + assignments({key(name): item for name, item in items.items()}, inner) + indent + "}"


def assignments(items: Mapping[str, object], indent: str) -> str:
    """``name = value`` lines; neighbours that take one line each are aligned."""
    written = {name: expression(item, indent) for name, item in items.items()}
    lines: list[str] = []
    chain: list[str] = []
    for name, value in written.items():
        if "\n" in value:
            lines += _chain(chain, written, indent)
            chain = []
            lines.append(f"{indent}{name} = {value}\n")
        else:
            chain.append(name)
    return "".join([*lines, *_chain(chain, written, indent)])


def _chain(names: list[str], written: Mapping[str, str], indent: str) -> list[str]:
    width = max(map(len, names), default=0)
    return [f"{indent}{name.ljust(width)} = {written[name]}\n" for name in names]


def block(name: str, values: Mapping[str, object], indent: str) -> str:
    """A nested block; lists of objects in it are blocks again, as in the bodies of resources."""
    inner = indent + INDENT
    arguments = {each: value for each, value in values.items() if not is_blocks(value)}
    text = assignments(arguments, inner)
    for each, value in values.items():
        for item in value if is_blocks(value) and isinstance(value, list) else ():
            text += ("\n" if text else "") + block(each, item, inner)
    return f"{indent}{name} {{\n{text}{indent}}}\n" if text else f"{indent}{name} {{}}\n"


def is_blocks(value: object) -> bool:
    """Whether a value of a body is what nested blocks give: objects in a list."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)
