"""Values that plain Python types cannot stand for: uint, types, optionals, boolean map keys, objects.

The other CEL values are ``None``, ``bool``, ``int``, ``float``, ``str``, ``bytes``, ``list`` and ``dict``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, NoReturn

from auditor.cel.errors import CelError
from auditor.unknown import Unknown, UnknownUsed


class UInt(int):
    """CEL's unsigned 64-bit integer."""

    __slots__ = ()


class CelType:
    """A type as a value, as ``type(x)`` gives it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CelType) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name


class BoolKey:
    """A boolean key of a map: in Python ``True == 1``, so plain booleans would collide with the integers."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "true" if self.value else "false"


TRUE_KEY: Final = BoolKey(True)
FALSE_KEY: Final = BoolKey(False)


class Value:
    """Base of objects such as timestamps and quantities.

    ``methods`` maps CEL names to functions that take the object first; operators are overridden by
    ``plus``, ``minus`` and ``__lt__`` (with ``ordered``). ``__eq__`` must take any CEL value.
    """

    __slots__ = ()
    type_name: ClassVar[str] = ""
    ordered: ClassVar[bool] = False
    methods: ClassVar[dict[str, Callable[..., object]]] = {}

    def plus(self, other: object) -> object:
        refuse("_+_", self, other)

    def minus(self, other: object) -> object:
        refuse("_-_", self, other)

    def text(self) -> str:
        """What ``string(x)`` gives."""
        refuse("string", self)

    def __repr__(self) -> str:
        return f"{self.type_name}({self.text()!r})"


class Optional(Value):
    """An optional value; :data:`NONE` is the empty one."""

    __slots__ = ("content",)
    type_name = "optional_type"

    def __init__(self, content: Any) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        from auditor.cel.operators import eq

        if not isinstance(other, Optional):
            return False
        if self is NONE or other is NONE:
            return self is other
        return eq(self.content, other.content)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "optional.none()" if self is NONE else f"optional.of({self.content!r})"


NONE: Final = Optional(None)

_TYPE_NAMES: Final[dict[type, str]] = {
    int: "int",
    UInt: "uint",
    float: "double",
    bool: "bool",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    type(None): "null_type",
    CelType: "type",
}
OBJECT_TYPES: Final = (
    "optional_type",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
    "net.IP",
    "net.CIDR",
    "kubernetes.Quantity",
    "kubernetes.URL",
    "kubernetes.Semver",
)
TYPES: Final[dict[str, CelType]] = {n: CelType(n) for n in (*_TYPE_NAMES.values(), *OBJECT_TYPES)}


def type_name(value: object) -> str:
    """The CEL name of a value's type."""
    name = _TYPE_NAMES.get(type(value))
    if name is not None:
        return name
    return value.type_name if isinstance(value, Value) else type(value).__name__


def refuse(operation: str, *operands: object) -> NoReturn:
    """No overload fits these operands: unknown if one of them is, else an error."""
    for operand in operands:
        if isinstance(operand, Unknown):
            raise UnknownUsed(operand)
    raise CelError(f"no such overload: {operation}({', '.join(map(type_name, operands))})")
