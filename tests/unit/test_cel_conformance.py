"""The conformance cases of cel-spec: data of the Go module cel.dev/expr, never committed here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cel import CelError, CelSyntaxError, Program, compile_expr
from auditor.cel.functions.times import Duration, Timestamp
from auditor.cel.interpret import Interpreter
from auditor.cel.library import GLOBALS, MEMBERS
from auditor.cel.macros import MACROS
from auditor.cel.operators import put
from auditor.cel.parser import parse
from auditor.cel.resolve import resolve
from auditor.cel.values import TYPES, CelType, UInt

MODULE = "cel.dev/expr@v0.25.3"

RUN = 1729
EXCLUDED_BY_RULE = {
    "needs a protobuf message or enum": 690,
    "uses the optimiser's internal cel.block": 37,
    "asks the static type checker only": 25,
    "wants an undeclared function to fail at run time only": 18,
}

#: Cases that no rule covers, each with its reason.
_DOTTED = "a variable whose name holds dots: policies have plain names and maps"
_CONTAINER = "a container (namespace of names): policies have none"
NAMED_EXCLUSIONS = {
    "fields/qualified_identifier_resolution/qualified_ident": _DOTTED,
    "fields/qualified_identifier_resolution/map_field_select": _DOTTED,
    "fields/qualified_identifier_resolution/qualified_identifier_resolution_unchecked": _DOTTED,
    "fields/qualified_identifier_resolution/ident_with_longest_prefix_check": _DOTTED,
    "namespace/qualified/self_eval_qualified_lookup": _DOTTED,
    "namespace/namespace/self_eval_container_lookup": _CONTAINER,
    "namespace/namespace/self_eval_container_lookup_unchecked": _CONTAINER,
    "namespace/namespace_shadowing/basic": _CONTAINER,
    "namespace/namespace_shadowing/comprehension_shadowing_namespaced_selector_disambiguation": _CONTAINER,
}

_TOKEN = re.compile(
    r"""[\s,;]+|\#[^\n]*
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<extension>\[[A-Za-z0-9_./]+\])
    |(?P<word>[-+A-Za-z0-9_.]+)
    |(?P<mark>[{}\[\]:<>])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b", "f": b"\f", "v": b"\v"}

Message = dict[str, list[Any]]


class TextProto:
    """A small reader of protobuf's text format: field name → list of bytes, words and messages."""

    def __init__(self, text: str) -> None:
        self.tokens = [(m.lastgroup, m.group()) for m in _TOKEN.finditer(text) if m.lastgroup]
        self.tokens.append((None, ""))
        self.next = 0

    def peek(self) -> str:
        return self.tokens[self.next][1]

    def take(self) -> tuple[str | None, str]:
        self.next += 1
        return self.tokens[self.next - 1]

    def message(self, end: str = "") -> Message:
        fields: Message = {}
        while self.peek() != end:
            _, name = self.take()
            if self.peek() == ":":
                self.take()
            values = fields.setdefault(name, [])
            if self.peek() == "[":
                self.take()
                while self.peek() != "]":
                    values.append(self.value())
                self.take()
            else:
                values.append(self.value())
        self.take()
        return fields

    def value(self) -> Any:
        kind, text = self.take()
        if text in ("{", "<"):
            return self.message("}" if text == "{" else ">")
        if kind != "string":
            return text
        parts = [text]
        while self.tokens[self.next][0] == "string":
            parts.append(self.take()[1])
        return b"".join(_unescape(part[1:-1]) for part in parts)


def _unescape(body: str) -> bytes:
    out, offset = [], 0
    for escape in _ESCAPE.finditer(body):
        out.append(body[offset : escape.start()].encode())
        offset = escape.end()
        hexadecimal, octal, short, long, simple = escape.groups()
        if hexadecimal or octal:
            out.append(bytes([int(hexadecimal, 16) if hexadecimal else int(octal, 8)]))
        elif short or long:
            out.append(chr(int(short or long, 16)).encode())
        else:
            out.append(_ESCAPES.get(simple, simple.encode()))
    return b"".join([*out, body[offset:].encode()])


class NeedsMessageError(Exception):
    """A value that only a protobuf message can stand for."""


def value_of(message: Message) -> Any:
    ((kind, (content, *_)),) = message.items()
    if kind in _READERS:
        return _READERS[kind](content)
    raise NeedsMessageError


def _map_of(content: Message) -> dict[Any, Any]:
    built: dict[Any, Any] = {}
    for entry in content.get("entries", []):
        put(built, value_of(entry["key"][0]), value_of(entry["value"][0]))
    return built


def _object_of(content: Message) -> Any:
    ((url, (fields, *_)),) = content.items()
    number = (
        int(fields.get("seconds", ["0"])[0]) * 10**9 + int(fields.get("nanos", ["0"])[0])
        if isinstance(fields, dict)
        else 0
    )
    kind = {"Duration": Duration, "Timestamp": Timestamp}.get(url.strip("[]").rpartition(".")[2])
    if kind is None:
        raise NeedsMessageError
    return kind(number)


_READERS: dict[str, Any] = {
    "null_value": lambda _: None,
    "bool_value": lambda text: text == "true",
    "int64_value": lambda text: int(text, 0),
    "uint64_value": lambda text: UInt(int(text, 0)),
    "double_value": lambda text: float(text.rstrip("f") if text[-3:].lower() != "inf" else text),
    "string_value": lambda raw: raw.decode(),
    "bytes_value": lambda raw: raw,
    "type_value": lambda raw: TYPES.get(raw.decode(), CelType(raw.decode())),
    "list_value": lambda content: [value_of(value) for value in content.get("values", [])],
    "map_value": _map_of,
    "object_value": _object_of,
}


_MESSAGE = re.compile(
    r"TestAllTypes|TestRequired|GlobalEnum|NestedEnum|conformance\.proto|wrapper|well_known"
    r"|google\.(protobuf|rpc|type)\.(?!Timestamp|Duration)\w+|google\.protobuf\.\w+\s*\{|\b[A-Z]\w*\s*\{"
)
_OPTIMISER = re.compile(r"\bcel\.(block|index|iterVar|accuVar)\b")
_CALL = re.compile(r"(\w+)\(")


class Case:
    """One test of a section; the test's own default is the value ``true``."""

    def __init__(self, name: str, message: Message) -> None:
        self.name = name
        self.message = message
        self.expr: str = message["expr"][0].decode()
        self.fails = "eval_error" in message
        self.excluded = self._rule()

    def _rule(self) -> str:
        """Why the case lies outside what the product is, or an empty string."""
        if "check_only" in self.message:
            return "asks the static type checker only"
        if _OPTIMISER.search(self.expr):
            return "uses the optimiser's internal cel.block"
        if _MESSAGE.search(str(self.message)):
            return "needs a protobuf message or enum"
        if any("function" in declared for declared in self.message.get("type_env", [])):
            return "declares its own function"
        if "disable_check" in self.message and not self.fails and self._calls_undeclared():
            return "wants an undeclared function to fail at run time only"
        try:
            self.bindings, self.expected = self._bindings(), self._expected()
        except NeedsMessageError:
            return "needs a protobuf message or enum"
        return ""

    def _calls_undeclared(self) -> bool:
        declared = {*GLOBALS, *MEMBERS, *MACROS}
        return any(name not in declared for name in _CALL.findall(self.expr))

    def _bindings(self) -> dict[str, Any]:
        return {
            b["key"][0].decode(): value_of(b["value"][0]["value"][0])
            for b in self.message.get("bindings", [])
        }

    def _expected(self) -> Any:
        if self.fails:
            return None
        if "typed_result" in self.message:
            return value_of(self.message["typed_result"][0]["result"][0])
        return value_of(self.message["value"][0]) if "value" in self.message else True

    def problem(self) -> str:
        """What is wrong with our answer, or an empty string."""
        try:
            program = compile_expr(self.expr)
        except CelSyntaxError as error:
            return "" if self.fails else f"did not compile: {error}"
        reloaded = Program.from_bytes(self.expr, program.to_bytes())
        exact = Interpreter(self.expr, resolve(self.expr, parse(self.expr), None)[0])
        return next((p for p in map(self._judge, (program, reloaded, exact.run)) if p), "")

    def _judge(self, run: Callable[[dict[str, Any]], object]) -> str:
        try:
            result = run(self.bindings)
        except CelError as error:
            return "" if self.fails else f"failed: {error}"
        if self.fails:
            return f"gave {result!r} where an error is due"
        return "" if same(result, self.expected) else f"gave {result!r}, not {self.expected!r}"


def same(a: Any, b: Any) -> bool:
    """Equal and of the same types throughout; NaN is itself."""
    if type(a) is not type(b):
        return False
    if type(a) is list:
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    return a == b or (a != a and b != b)


def conformance_data() -> Path:
    """The folder of the cases, by the Go module proxy; it stays in Go's module cache."""
    if shutil.which("go") is None:
        pytest.fail(f"the conformance cases come from the Go module {MODULE}: install Go (https://go.dev/dl)")
    done = subprocess.run(
        ["go", "mod", "download", "-json", MODULE], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"go mod download {MODULE} failed: {done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"], "tests", "simple", "testdata")


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    found: list[Case] = []
    for path in sorted(conformance_data().glob("*.textproto")):
        for section in TextProto(path.read_text()).message().get("section", []):
            for message in section.get("test", []):
                name = f"{path.stem}/{section['name'][0].decode()}/{message['name'][0].decode()}"
                found.append(Case(name, message))
    return found


def test_every_case_that_needs_no_message_passes(cases: list[Case]) -> None:
    run = [case for case in cases if not case.excluded and case.name not in NAMED_EXCLUSIONS]
    problems = {case.name: f"{case.expr}: {problem}" for case in run if (problem := case.problem())}
    print(f"cel-spec: {len(cases)} cases, {len(run)} run, {len(run) - len(problems)} passed")
    assert problems == {}
    assert len(run) == RUN


def test_every_excluded_case_has_its_reason(cases: list[Case]) -> None:
    by_rule = Counter(case.excluded for case in cases if case.excluded)
    print(f"cel-spec: excluded {dict(by_rule)} and {len(NAMED_EXCLUSIONS)} by name")
    assert by_rule == EXCLUDED_BY_RULE


def test_every_case_excluded_by_name_exists_and_really_fails(cases: list[Case]) -> None:
    named = {case.name: case for case in cases if case.name in NAMED_EXCLUSIONS and not case.excluded}
    assert named.keys() == NAMED_EXCLUSIONS.keys()
    assert all(case.problem() for case in named.values())
