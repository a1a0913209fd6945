"""Evaluates the Go templates of ApplicationSets over plain data, in bounded time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from auditor.sources.argocd.functions import FUNCTIONS, MAX_TEXT, text, truth
from auditor.sources.argocd.parse import Block, Command, Node, Operand, Pipeline, TemplateError, Text, parse

MAX_STEPS: Final = 100_000


def render(template: str, data: Any, *, missing_is_error: bool = False) -> str:
    """The text that a template gives for ``data``. Raises :class:`TemplateError` for whatever goes wrong."""
    if "{{" not in template:
        return template
    run = _Run(data, missing_is_error)
    run.all(parse(template), data)
    return "".join(run.out)


class _Run:
    def __init__(self, data: Any, missing_is_error: bool) -> None:
        self.out: list[str] = []
        self._scopes: list[dict[str, Any]] = [{"$": data}]
        self._missing_is_error = missing_is_error
        self._steps = 0
        self._length = 0

    def all(self, nodes: Sequence[Node], dot: Any) -> None:
        """Write every node."""
        for node in nodes:
            self._step()
            if isinstance(node, Text):
                self._write(node.text)
            elif isinstance(node, Block):
                self._block(node, dot)
            else:
                value = self._pipeline(node, dot)
                if not node.variables:
                    self._write(text(value))

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TemplateError(f"the template takes more than {MAX_STEPS} steps")

    def _write(self, part: str) -> None:
        self._length += len(part)
        if self._length > MAX_TEXT:
            raise TemplateError("the template makes more than 1 MiB of text")
        self.out.append(part)

    def _block(self, block: Block, dot: Any) -> None:
        self._scopes.append({})
        if block.kind == "range":
            self._range(block, dot)
        else:
            value = self._pipeline(block.pipeline, dot)
            if truth(value):
                self.all(block.body, value if block.kind == "with" else dot)
            else:
                self.all(block.otherwise, dot)
        self._scopes.pop()

    def _range(self, block: Block, dot: Any) -> None:
        names = block.pipeline.variables
        value = self._pipeline(block.pipeline._replace(variables=()), dot)
        pairs = [*_pairs(value)]
        for key, item in pairs:
            self._step()
            self._scopes[-1].update(zip(names, (item,) if len(names) == 1 else (key, item), strict=False))
            self.all(block.body, item)
        if not pairs:
            self.all(block.otherwise, dot)

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value = self._command(pipeline.commands[0], dot, ())
        for command in pipeline.commands[1:]:
            value = self._command(command, dot, (value,))
        for name in pipeline.variables:
            self._set(name, value, pipeline.declares)
        return value

    def _set(self, name: str, value: Any, declares: bool) -> None:
        scopes = [self._scopes[-1]] if declares else [each for each in reversed(self._scopes) if name in each]
        if not scopes:
            raise TemplateError(f"the variable {name} is not declared")
        scopes[0][name] = value

    def _command(self, command: Command, dot: Any, piped: tuple[Any, ...]) -> Any:
        self._step()
        first = command.operands[0]
        if first.kind != "call":
            if len(command.operands) > 1 or piped:
                raise TemplateError("a value that is no function is given arguments")
            return self._operand(first, dot)
        name = str(first.value)
        if name in ("and", "or"):
            return self._short_circuit(name, command.operands[1:], dot, piped)
        arguments = [*(self._operand(each, dot) for each in command.operands[1:]), *piped]
        return _call(name, arguments)

    def _short_circuit(self, name: str, operands: Sequence[Operand], dot: Any, piped: tuple[Any, ...]) -> Any:
        value: Any = None
        for operand in operands:
            value = self._operand(operand, dot)
            if truth(value) == (name == "or"):
                return value
        return piped[0] if piped else value

    def _operand(self, operand: Operand, dot: Any) -> Any:
        if operand.kind == "literal":
            return operand.value
        if operand.kind == "call":
            return _call(str(operand.value), [])
        if operand.kind == "field":
            return self._fields(dot, operand.fields)
        if operand.kind == "variable":
            return self._fields(self._variable(str(operand.value)), operand.fields)
        if isinstance(operand.value, Pipeline):
            return self._fields(self._pipeline(operand.value, dot), operand.fields)
        raise TemplateError("a value is not understood")

    def _variable(self, name: str) -> Any:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        raise TemplateError(f"the variable {name} is not declared")

    def _fields(self, value: Any, fields: Sequence[str]) -> Any:
        for name in fields:
            if value is None:
                raise TemplateError(f"the field {name} of nothing is asked for")
            if type(value) is not dict:
                raise TemplateError(f"the field {name} of {text(value)[:40]!r} is asked for")
            if name not in value and self._missing_is_error:
                raise TemplateError(f"there is no {name}")
            value = value.get(name)
        return value


def _pairs(value: Any) -> Iterator[tuple[Any, Any]]:
    if type(value) is list:
        yield from enumerate(value)
    elif type(value) is dict:
        yield from ((key, value[key]) for key in sorted(value))
    elif value is not None:
        raise TemplateError(f"range over {text(value)[:40]!r}")


def _call(name: str, arguments: list[Any]) -> Any:
    function = FUNCTIONS.get(name)
    if function is None:
        raise TemplateError(f"the function {name!r} is not evaluated here")
    try:
        value = function(*arguments)
    except TemplateError:
        raise
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
        raise TemplateError(f"{name} cannot work with its arguments") from error
    if type(value) is str and len(value) > MAX_TEXT:
        raise TemplateError(f"{name} makes more than 1 MiB of text")
    return value
