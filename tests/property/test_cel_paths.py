"""The fast path never contradicts the exact one, and no unknown is ever overlooked."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.cel import CelError, Program, compile_expr
from auditor.unknown import Unknown

_NAMES = ("a", "b", "c")
_UNKNOWN = object()
"""Stands for an unknown in generated data, until a substitute or an ``Unknown`` takes its place."""

_LEAVES = (
    *(
        "0",
        "1",
        "2",
        "-1",
        "1u",
        "1.0",
        "2.5",
        "true",
        "false",
        "null",
        "''",
        "'a'",
        "'ab'",
        "b'a'",
        "[]",
        "{}",
    ),
    *("[1, 2]", "['a', 'b']", "{'a': 1}", "{1: 'a', true: 'b'}", "duration('1s')", "quantity('1Gi')", "int"),
    *("x", "y", "m", "xs", "m.a", "m.b.c", "m['a']", "xs[0]", "xs[1].a", "m.?a", "m[?'b']") * 3,
)
_METHODS = (
    "sum",
    "min",
    "max",
    "sort",
    "distinct",
    "flatten",
    "reverse",
    "isSorted",
    "join",
    "first",
    "size",
)
_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||", "&&", "||")
_TEMPLATES = (
    *(
        "!({})",
        "-({})",
        "has(({}).a)",
        "({}).a",
        "({}).?a.orValue(1)",
        "size({})",
        "string({})",
        "type({})",
        "int({})",
    ),
    *(
        "({}).b",
        "({}).?a.?b.orValue('d')",
        "optional.of({})",
        "({}).hasValue()",
        "[?{}]",
        "dyn({})",
        "({})['a']",
    ),
    *(
        "({}) == 'a'",
        "({}) != true",
        "({}) == null",
        "({}) in ['a', 'b']",
        "({}).startsWith('a')",
        "({}) == 2",
    ),
    *(f"({{}}).{method}()" for method in _METHODS),
    *(f"({{}}) {operator} ({{}})" for operator in _OPERATORS),
    *(
        "({}).startsWith({})",
        "({}).contains({})",
        "({})[{}]",
        "[{}, {}]",
        "{{'a': {}, 'b': {}}}",
        "({}).orValue({})",
    ),
    *(
        "({}).indexOf({})",
        "sets.contains({}, {})",
        "sets.intersects({}, {})",
        "({}).matches({})",
        "({})[?{}]",
    ),
    *("({}) ? ({}) : ({})", "({}).map(x, {}, {})", "cel.bind(y, {}, {})", "({}).optMap(x, {})", "{{{}: {}}}"),
    *(f"({{}}).{macro}(x, {{}})" for macro in ("all", "exists", "exists_one", "filter", "map", "sortBy")),
    *(
        f"({{}}).{macro}(x, y, {{}})"
        for macro in ("all", "exists", "existsOne", "transformList", "transformMap")
    ),
    *("has(m.a) && m.a == ({})", "has(m.b) || m.b == ({})", "'%s %d'.format([{}, {}])"),
)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if not depth or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(_LEAVES))
    template = draw(st.sampled_from(_TEMPLATES))
    parts = [draw(expressions(depth - 1)) for _ in range(template.count("{}"))]
    return template.format(*parts)


_KNOWN = st.sampled_from([None, True, False, 0, 1, 2, 2.5, "", "a", "ab"])
_DATA = st.recursive(
    _KNOWN | st.just(_UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
    max_leaves=6,
)
VARIABLES = st.fixed_dictionaries(
    {
        "x": _DATA,
        "y": _DATA,
        "m": st.dictionaries(st.sampled_from(_NAMES), _DATA, max_size=3),
        "xs": st.lists(_DATA, max_size=3),
    }
)
_SUBSTITUTES = _KNOWN | st.sampled_from([[], [1], {}, {"a": 1}, "b"])
_PROFILE = settings(
    max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def _replace(data: Any, make: Any) -> Any:
    if data is _UNKNOWN:
        return make()
    if type(data) is list:
        return [_replace(element, make) for element in data]
    if type(data) is dict:
        return {key: _replace(value, make) for key, value in data.items()}
    return data


def _with_unknowns(data: Any) -> Any:
    count = iter(range(1000))
    return _replace(data, lambda: Unknown(f"reason {next(count)}"))


def shown(value: Any) -> str:
    """A value with its types, unknowns by their reason."""
    if type(value) is list:
        return f"[{', '.join(map(shown, value))}]"
    if type(value) is dict:
        return f"{{{', '.join(sorted(f'{shown(k)}: {shown(v)}' for k, v in value.items()))}}}"
    return f"{type(value).__name__}:{value!r}"


def _exact(program: Program, variables: dict[str, Any]) -> str:
    try:
        return shown(program._evaluate(variables))
    except CelError:
        return "error"


def _has_unknown(value: str) -> bool:
    return "Unknown:" in value


@_PROFILE
@given(expressions(), VARIABLES)
def test_what_the_fast_path_answers_the_exact_path_answers_too(source: str, data: Any) -> None:
    program, variables = compile_expr(source), _with_unknowns(data)
    try:
        fast = shown(program._fast(variables))
    except Exception:
        return
    assert fast == _exact(program, variables)


@_PROFILE
@given(expressions(), VARIABLES, st.lists(_SUBSTITUTES, min_size=1, max_size=8))
def test_a_known_answer_holds_whatever_the_unknowns_turn_out_to_be(
    source: str, data: Any, values: Any
) -> None:
    program = compile_expr(source)
    answer = _exact(program, _with_unknowns(data))
    if _has_unknown(answer):
        return
    substitutes = iter(values * 100)
    assert _exact(program, _replace(data, lambda: next(substitutes))) == answer


@_PROFILE
@given(expressions(), VARIABLES)
def test_no_input_raises_anything_but_a_cel_error(source: str, data: Any) -> None:
    program = compile_expr(source)
    reloaded = Program.from_bytes(source, program.to_bytes())
    outcomes = set()
    for run in (program, reloaded):
        try:
            outcomes.add(shown(run(_with_unknowns(data))))
        except CelError as error:
            assert error.line >= 1
            outcomes.add(f"error {error}")
    assert len(outcomes) == 1


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(st.text(alphabet="ab.?[]{}()'\"\\,:!&|<>=+-*/%01uex \n#", max_size=30))
def test_any_text_compiles_or_gives_a_located_syntax_error(source: str) -> None:
    from auditor.cel import CelSyntaxError

    try:
        compile_expr(source)
    except CelSyntaxError as error:
        assert error.line >= 1
        assert error.column >= 1
