"""Compiling, evaluating, caching; where errors point; what an expression reads."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from auditor.cel import CelError, CelSyntaxError, Program, compile_expr

VARIABLES = ("pod", "facts", "it", "params")


def run(source: str, **variables: object) -> object:
    return compile_expr(source)(variables)


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        ("pod.spec ==", 1, 12, "the end of the expression"),
        ("true &&\n  pod.[0]", 2, 7, "expected a field name"),
        ("'abc", 1, 1, "unterminated string"),
        ("1 + $", 1, 5, "unexpected character '$'"),
        ("9223372036854775808", 1, 1, "does not fit into 64 bits"),
        (r"'\q'", 1, 1, "unknown escape sequence"),
        ("podd.spec", 1, 1, "undeclared variable 'podd': did you mean 'pod'?"),
        ("pod.name.startWith('a')", 1, 10, "did you mean 'startsWith'?"),
        ("sise(pod)", 1, 1, "did you mean 'size'?"),
        ("size(pod, pod)", 1, 1, "size() takes 1 arguments, not 2"),
        ("pod.x.all(it.y, true)", 1, 7, "a plain name is needed"),
        ("has(pod)", 1, 1, "one field selection"),
        ("pod.name.matches('(?=a)')", 1, 18, "RE2 has no lookaround"),
        ("Pod{name: 'a'}", 1, 4, "message types are not supported"),
    ],
)
def test_a_syntax_error_says_what_and_where(source: str, line: int, column: int, message: str) -> None:
    with pytest.raises(CelSyntaxError) as caught:
        compile_expr(source, variables=VARIABLES)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        ("pod.a.b == 1", 1, 6, "no such key: 'b'"),
        ("true &&\n  pod.n / 0 > 1", 2, 9, "divide by zero"),
        ("pod.n + 'a' == 'b'", 1, 7, "no such overload: _+_(int, string)"),
        ("pod.n ? 1 : 2", 1, 4, "expected a bool, got int"),
        ("quantity('1Q').sign()", 1, 1, "'1Q' is not a quantity"),
        ("[1][2]", 1, 4, "index 2 out of range"),
        ("absent", 1, 1, "no such variable"),
    ],
)
def test_a_runtime_error_points_to_the_failing_part(
    source: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(CelError) as caught:
        run(source, pod={"a": {}, "n": 1})
    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message


def test_booleans_are_no_integers() -> None:
    assert run("true == 1 || 1 == true || true in [1, 0]") is False
    assert run("{true: 'yes', 1: 'one'}[true]") == "yes"
    assert run("{true: 'yes', 1: 'one'}[1.0]") == "one"
    assert run("{true: 'yes', 1: 'one'}.map(k, type(k)) == [bool, int]") is True
    assert run("[1] == [true] || {'a': 0} == {'a': false}") is False
    assert run("x == 1", x=True) is False
    assert run("x == true", x=1) is False


def test_errors_are_absorbed_when_the_other_side_decides() -> None:
    assert run("x.missing == 1 || true", x={}) is True
    assert run("false && x.missing", x={}) is False
    assert run("[1, 0, 2].exists(n, 4 / n == 2)") is True
    with pytest.raises(CelError, match="divide by zero"):
        run("[1, 0].all(n, 4 / n > 1)")


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("facts.gpu_fit.groups.size() > 0", {("facts", "gpu_fit", "groups")}),
        ("has(pod.a.b) && pod.a['b'].c", {("pod", "a", "b"), ("pod", "a", "b", "c")}),
        ("pod.?tolerations.orValue([]).exists(t, t.key == it.key)", {("pod", "tolerations"), ("it", "key")}),
        ("facts.byName[it.name].x", {("facts", "byName"), ("it", "name")}),
        ("[pod].all(pod, pod.name == .pod.name)", {("pod",), ("pod", "name")}),
        ("cel.bind(s, pod.spec, s.x)", {("pod", "spec")}),
        ("type(it) == google.protobuf.Timestamp", {("it",)}),
    ],
)
def test_reads_are_the_field_paths_up_to_the_first_dynamic_step(
    source: str, reads: set[tuple[str, ...]]
) -> None:
    assert compile_expr(source, variables=VARIABLES).reads == reads


def test_a_cached_program_is_the_same_program() -> None:
    source = (
        "it.u == 5u && it.f < 1e3 && it.name.matches('^a+$') && type(it) == map && quantity('1').sign() == 1"
    )
    program = compile_expr(source, variables=VARIABLES)
    loaded = Program.from_bytes(source, program.to_bytes())
    assert loaded.reads == program.reads
    for name in ("aaa", "b"):
        variables = {"it": {"u": 5, "f": 2.0, "name": name}}
        assert loaded(variables) == program(variables) == (name == "aaa")
    with pytest.raises(CelError) as caught:
        loaded({"it": {}})
    assert (caught.value.line, caught.value.column) == (1, 3)


@pytest.mark.parametrize("damage", [lambda b: b[:20], lambda b: b"", lambda b: b"x" + b, lambda b: b])
def test_bytes_of_something_else_are_refused(damage: object) -> None:
    data = damage(compile_expr("1 + 1").to_bytes())  # type: ignore[operator]
    with pytest.raises(ValueError, match="compiled"):
        Program.from_bytes("1 + 2", data)


@pytest.mark.parametrize("depth", [50, 250, 3000])
@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("[", "]"), ("!(", ")"), ("size([", "])"), ("{1:", "}")]
)
def test_deep_nesting_works_or_is_a_typed_error(depth: int, opening: str, closing: str) -> None:
    try:
        compile_expr(opening * depth + "true" + closing * depth)({})
    except (CelSyntaxError, CelError) as error:
        assert error.line == 1


@pytest.mark.parametrize(
    "link", [" && true", " || false", " + 1", ".a", "[0]", ".size()", " ? 1 : 1", " == true", ".?a"]
)
@pytest.mark.parametrize("length", [100, 500, 5000])
def test_long_chains_work_or_are_a_typed_error(link: str, length: int) -> None:
    try:
        compile_expr("x" + link * length)({"x": True})
    except (CelSyntaxError, CelError) as error:
        assert error.line == 1


def test_chains_of_500_conditions_work() -> None:
    assert run("true" + " && true" * 500) is True
    assert run("false" + " || false" * 500 + " || true") is True


def test_deep_data_is_a_typed_error() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(CelError, match="too deep"):
        run("x == y", x=deep, y=[deep])


def test_names_of_types_cannot_be_variables() -> None:
    with pytest.raises(ValueError, match="list"):
        compile_expr("1", variables=["list"])


def test_compiling_never_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for source in ("(1).a", "'a'['b']", "[1]['a']", "{'a': 1}.b", "true.x", "[1].map(x, x).y"):
            compile_expr(source)


def test_importing_loads_nothing_heavy() -> None:
    heavy = {"datetime", "ipaddress", "fractions", "decimal", "zoneinfo", "urllib.parse", "difflib"}
    code = f"import sys, auditor.cel; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
