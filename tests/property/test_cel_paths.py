"""The fast path never contradicts the exact one, and no unknown is ever overlooked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import cycle, product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.cel import CelError, Program, compile_expr
from auditor.cel.values import NONE, Optional
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
    *("x", "y", "m", "xs", "m.a", "m.b.c", "m['a']", "xs[0]", "xs[1].a", "m.?a", "m[?'b']") * 6,
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


_OPERANDS = ("x", "y", "m", "xs", "m.a", "m['b']", "xs[0]", "m.?a", "'a'", "1", "true")
_WORLDS: tuple[Any, ...] = (
    {"x": _UNKNOWN, "y": "a", "m": {"a": 1, "b": _UNKNOWN}, "xs": ["a", _UNKNOWN, 1]},
    {"x": True, "y": _UNKNOWN, "m": {"a": _UNKNOWN, "b": "a"}, "xs": [_UNKNOWN, "a"]},
    {
        "x": [1, _UNKNOWN],
        "y": {"a": _UNKNOWN},
        "m": {"a": [_UNKNOWN], "b": 2},
        "xs": [{"a": _UNKNOWN}, _UNKNOWN],
    },
    {"x": 1, "y": False, "m": {"a": "a", "b": True}, "xs": [2, 1]},
)
_ANSWERS = (None, True, False, 0, 1, 2.5, "", "a", [], [1], {}, {"a": 1})
"""What an unknown is replaced by, to see whether an answer really did not depend on it."""


def _every_small_expression() -> Iterator[str]:
    for template in _TEMPLATES:
        holes = template.count("{}")
        operands = _OPERANDS if holes < 3 else _OPERANDS[::3]
        for parts in product(operands, repeat=holes):
            yield template.format(*parts)


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
    max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
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


def _exact(program: Program, variables: dict[str, Any]) -> Any:
    try:
        return program._evaluate(variables)
    except CelError:
        return CelError


def _agrees(answer: Any, actual: Any) -> bool:
    """Whether ``actual`` is ``answer`` with something in the place of each unknown."""
    if type(answer) is Unknown:
        return True
    if type(answer) is list and type(actual) is list:
        return len(answer) == len(actual) and all(map(_agrees, answer, actual))
    if type(answer) is dict and type(actual) is dict:
        return answer.keys() == actual.keys() and all(_agrees(answer[key], actual[key]) for key in answer)
    if type(answer) is Optional and type(actual) is Optional:
        return (answer is NONE) == (actual is NONE) and _agrees(answer.content, actual.content)
    return shown(answer) == shown(actual)


def _check_paths(program: Program, variables: dict[str, Any]) -> None:
    try:
        fast = shown(program.fast(variables))
    except Exception:
        return
    assert fast == shown(_exact(program, variables)), program.source


def _check_answer_holds(program: Program, data: Any, values: Iterable[Any]) -> None:
    answer = _exact(program, _with_unknowns(data))
    substitutes = cycle(values)
    actual = _exact(program, _replace(data, lambda: next(substitutes)))
    assert _agrees(answer, actual), f"{program.source}: {answer!r}, then {actual!r}"


def test_small_expressions_answer_alike_on_both_paths() -> None:
    for source in _every_small_expression():
        program = compile_expr(source)
        for world in _WORLDS:
            _check_paths(program, _with_unknowns(world))


def test_small_expressions_overlook_no_unknown() -> None:
    for source in _every_small_expression():
        program = compile_expr(source)
        for world in _WORLDS[:3]:
            for answer in _ANSWERS:
                _check_answer_holds(program, world, [answer])


@_PROFILE
@given(expressions(), VARIABLES)
def test_what_the_fast_path_answers_the_exact_path_answers_too(source: str, data: Any) -> None:
    _check_paths(compile_expr(source), _with_unknowns(data))


@_PROFILE
@given(expressions(), VARIABLES, st.lists(_SUBSTITUTES, min_size=1, max_size=8))
def test_a_known_answer_holds_whatever_the_unknowns_turn_out_to_be(
    source: str, data: Any, values: Any
) -> None:
    _check_answer_holds(compile_expr(source), data, values)


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
