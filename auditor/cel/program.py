"""A compiled expression: the fast path, the exact path behind it, and its form in a cache."""

from __future__ import annotations

import marshal
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from auditor.cel import operators
from auditor.cel.errors import CelError, CelSyntaxError
from auditor.cel.implementations import load
from auditor.cel.values import TYPES, UInt

if TYPE_CHECKING:
    from auditor.cel.interpret import Interpreter
    from auditor.cel.syntax import Node

Fast = Callable[[Mapping[str, object]], object]
_Parts = tuple[CodeType | None, tuple[tuple[str, object], ...], tuple[tuple[str, tuple[str, str]], ...]]
"""The code of the lambda (None: exact path only), its constants, the functions it calls."""

_FORMAT: Final = (1, sys.implementation.cache_tag, sys.hexversion)
_RUNTIME: Final[dict[str, Any]] = {
    **{name: thing for name, thing in vars(operators).items() if not name.startswith("_")},
    "dict_get": dict.get,
    "str_startswith": str.startswith,
    "str_endswith": str.endswith,
    "str_contains": str.__contains__,
}
"""The globals of all generated functions."""


class Program:
    """An expression, ready to be evaluated any number of times."""

    __slots__ = ("_exact", "_parts", "fast", "reads", "source")

    source: str
    fast: Fast
    """The value where plain Python gives it; any exception means: ask the program itself."""
    reads: frozenset[tuple[str, ...]]
    """Field paths that the expression reads; a path ends where something dynamic begins."""

    def __init__(
        self, source: str, reads: frozenset[tuple[str, ...]], parts: _Parts, tree: Node | None
    ) -> None:
        self.source = source
        self.reads = reads
        self._parts = parts
        self.fast = _link(parts) or self._evaluate
        self._exact: Interpreter | None = _interpreter(source, tree) if tree is not None else None

    def __call__(self, variables: Mapping[str, object]) -> object:
        """The value of the expression, or an ``Unknown``; raises :class:`CelError`.

        Values are exactly ``dict`` (text keys), ``list``, ``str``, ``int``, ``float``, ``bool``, ``bytes``
        and ``None``, not subclasses of them; an ``Unknown`` may stand anywhere in them.
        """
        try:
            return self.fast(variables)
        except Exception:
            return self._evaluate(variables)

    def __repr__(self) -> str:
        return f"Program({self.source!r})"

    def _evaluate(self, variables: Mapping[str, object]) -> object:
        if self._exact is None:
            self._exact = _interpreter(self.source, None)
        return self._exact.run(variables)

    @classmethod
    def linked(
        cls, source: str, code: CodeType, constants: Any, functions: Any, reads: Iterable[tuple[str, ...]]
    ) -> Program:
        """A program from the parts that :class:`~auditor.cel.codegen.FastCode` made for this source."""
        return cls(source, frozenset(reads), (code, constants, functions), None)

    def to_bytes(self) -> bytes:
        """For a cache of this machine: readable only by the Python that wrote it."""
        content: Any = (_FORMAT, self.source, tuple(self.reads), self._parts)
        return marshal.dumps(content)

    @classmethod
    def from_bytes(cls, source: str, data: bytes) -> Program:
        """What :meth:`to_bytes` wrote for this source; else ``ValueError``.

        The bytes hold code, so they must come from a place that only this user writes.
        """
        try:
            form, written_for, reads, parts = marshal.loads(data)
        except (ValueError, EOFError, TypeError):
            raise ValueError("no compiled expression: the bytes are damaged") from None
        if form != _FORMAT or written_for != source:
            raise ValueError("this is the compiled form of another expression or another Python")
        return cls(source, frozenset(reads), parts, None)


def compile_expr(source: str, *, variables: Collection[str] | None = None) -> Program:
    """Compile an expression; raises :class:`CelSyntaxError`.

    With ``variables``, a name that is not among them is an error; undeclared functions always are.
    """
    from auditor.cel.codegen import FastCode
    from auditor.cel.parser import parse
    from auditor.cel.resolve import resolve

    try:
        tree, reads = resolve(source, parse(source), variables)
        fast = FastCode(tree)
    except RecursionError:
        raise CelSyntaxError("the expression nests too deeply", 1, 1) from None
    return Program(source, reads, (_python(fast.source), fast.constants, fast.functions), tree)


def _python(source: str) -> CodeType | None:
    """The code object of the lambda; None where Python's own parser gives up on deep nesting."""
    try:
        module = compile(source, "<cel>", "eval")
    except (SyntaxError, RecursionError, MemoryError):
        return None
    (code,) = [constant for constant in module.co_consts if type(constant) is CodeType]
    return code


def _link(parts: _Parts) -> Fast | None:
    code, constants, functions = parts
    if code is None:
        return None
    for symbol, place in functions:
        if symbol not in _RUNTIME:
            _RUNTIME[symbol] = load(*place)
    defaults = tuple([_CONSTANTS[kind](content) for kind, content in constants])
    return FunctionType(code, _RUNTIME, "cel", defaults)


def _lazy_search(pattern: Any) -> Callable[[str], object]:
    """Compiling a pattern takes longer than loading a program: wait until it is needed."""
    search: Callable[[str], object] | None = None

    def first_then_cached(text: str) -> object:
        nonlocal search
        if search is None:
            search = load("regexes", "compile_pattern")(pattern).search
        return search(text)

    return first_then_cached


_CONSTANTS: Final[dict[str, Callable[[Any], object]]] = {
    "plain": lambda content: content,
    "uint": UInt,
    "type": TYPES.__getitem__,
    "pattern": _lazy_search,
}


def _interpreter(source: str, tree: Node | None) -> Interpreter:
    from auditor.cel.interpret import Interpreter

    if tree is None:
        from auditor.cel.parser import parse
        from auditor.cel.resolve import resolve

        tree, _ = resolve(source, parse(source), None)
    return Interpreter(source, tree)


__all__ = ["CelError", "Program", "compile_expr"]
