"""Generated expressions give what Google's cel-expr-python (C++) gives.

Left out on purpose, where we follow cel-go, which Kubernetes runs: ``int(true)`` (an error there),
``null in {}`` (false there), ``''.split('')`` (empty there), fractions in ``string(timestamp)``, the order of
a map's keys, and ``indexOf`` of lists, which is a Kubernetes extension.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.cel import CelError, compile_expr
from auditor.cel.functions.times import Duration, Timestamp
from auditor.cel.operators import keys
from auditor.cel.values import UInt, type_name

DATA: dict[str, Any] = {
    "i": 2,
    "d": 2.5,
    "s": "añb",
    "t": True,
    "n": None,
    "xs": [1, 2, 3],
    "ys": ["a", "b", "a"],
    "m": {"b": {"c": [True, 1.0]}},
}
_ATOMS = (
    *("0", "1", "-7", "3u", "2.0", "1.5", "''", "'a'", "'añb'", "true", "false", "null", "b'a'", "[]", "{}"),
    *("9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615u", "1e300"),
    *("[1, 2]", "[1.0, 2u]", "['a', 'b']", "{'a': 1}", "{1: 'x'}", "{true: 1}", "i", "d", "s", "t", "n"),
    *("xs", "ys", "m", "m.b", "m.b.c", "xs[1]", "duration('90s')", "timestamp('2026-02-28T23:59:59Z')"),
)
_UNARY = (
    *(
        "!{}",
        "-{}",
        "{}.a",
        "has({}.a)",
        "size({})",
        "int(string({}))",
        "uint({})",
        "double({})",
        "string({})",
        "bool({})",
    ),
    *(
        "bytes({})",
        "timestamp({})",
        "{}.lowerAscii()",
        "{}.upperAscii()",
        "{}.trim()",
        "{}.join('-')",
        "{}.charAt(1)",
    ),
    *("{}.substring(1)", "{}.split('a')", "{}.replace('a', 'bb')", "{}.?a.orValue(5)", "{}[?'a'].hasValue()"),
    *(
        "{}.getDayOfYear()",
        "{}.getHours()",
        "{}.getMilliseconds()",
        "math.abs({})",
        "math.round({})",
        "math.ceil({})",
    ),
)
_BINARY = (
    *(f"{{}} {operator} {{}}" for operator in ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%")),
    *(
        "{} && {}",
        "{} || {}",
        "{}[{}]",
        "{} in [{}]",
        "'b' in {}",
        "{}.startsWith({})",
        "{}.contains({})",
        "string({}).indexOf({})",
        "[{}, {}]",
    ),
    *("{}.all(x, x == {})", "{}.exists(x, x == {})", "{}.exists_one(x, x == {})", "{}.filter(x, x != {})"),
    *("{}.map(x, [x, {}])", "{}.all(x, {} / x > 0)", "{}.exists(x, x.a == {})", "cel.bind(x, {}, x == {})"),
)
_TERNARY = ("{} ? {} : {}", "{}.map(x, x == {}, {})", "[{}, {}, {}]")


def _environment() -> Any:
    kind = cel.Type
    extensions = [
        ext_optional.ExtOptional(),
        ext_bindings.ExtBindings(),
        ext_strings.ExtStrings(),
        ext_math.ExtMath(),
    ]
    return cel.NewEnv(variables=dict.fromkeys(DATA, kind.DYN), extensions=extensions)


ENVIRONMENT = _environment()


def _theirs(source: str) -> tuple[str, Any]:
    try:
        value = ENVIRONMENT.compile(source).eval(data=DATA)
    except RuntimeError:
        return "error", None
    name = value.type().name()
    return (
        ("error", None)
        if name == "ERROR"
        else (_KINDS.get(name.partition("<")[0], name), _plain(value.plain_value()))
    )


_KINDS = {
    "NULL": "null_type",
    "TIMESTAMP": "google.protobuf.Timestamp",
    "DURATION": "google.protobuf.Duration",
} | {
    name.upper(): name for name in ("int", "uint", "double", "bool", "string", "bytes", "list", "map", "type")
}


def _ours(source: str) -> tuple[str, Any]:
    try:
        value = compile_expr(source)(DATA)
    except CelError:
        return "error", None
    return type_name(value), _plain(value)


def _plain(value: Any) -> Any:
    """A result of either side in types that compare strictly."""
    if type(value) is list:
        return [_plain(element) for element in value]
    if type(value) is dict:
        return sorted(
            ((repr(key), _plain(entry)) for key, entry in zip(keys(value), value.values(), strict=True))
        )
    if type(value) is UInt:
        return int(value)
    if type(value) in (Duration, timedelta):
        return timedelta(microseconds=value.nanoseconds // 1000) if type(value) is Duration else value
    if type(value) is Timestamp:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value.nanoseconds // 1000)
    return bytes(value) if type(value) is bytearray else value


def _check(source: str) -> None:
    ours, theirs = _ours(source), _theirs(source)
    assert ours[0] == theirs[0], f"{source}: {ours}, not {theirs}"
    if ours[0] != "type":
        assert repr(ours[1]) == repr(theirs[1]), f"{source}: {ours}, not {theirs}"


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if not depth or draw(st.integers(0, 3)) == 0:
        return f"dyn({draw(st.sampled_from(_ATOMS))})"
    template = draw(st.sampled_from(_UNARY + _BINARY * 2 + _TERNARY))
    parts = [draw(expressions(depth - 1)) for _ in range(template.count("{}"))]
    return f"dyn({template.format(*parts)})"


def test_every_function_agrees_on_every_kind_of_value() -> None:
    for template, atom in product(_UNARY, _ATOMS):
        _check(template.format(f"dyn({atom})"))


@settings(max_examples=2500, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(expressions())
def test_nested_expressions_agree(source: str) -> None:
    _check(source)


@pytest.mark.slow
def test_every_operator_agrees_on_every_pair_of_values() -> None:
    for template in _BINARY:
        for parts in product([f"dyn({atom})" for atom in _ATOMS], repeat=template.count("{}")):
            _check(template.format(*parts))
