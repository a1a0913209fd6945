"""Unknown is a value: only what really depends on one is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.cel import CelError, compile_expr
from auditor.cel.implementations import load
from auditor.cel.library import GLOBALS, MEMBERS, METHOD
from auditor.unknown import Unknown, UnknownUsed

U = Unknown("var.size has no value", "set var.size")
V = Unknown("secret is masked", "grant read")


def run(source: str, **variables: object) -> Any:
    return compile_expr(source)({"u": U, "v": V, "o": {"f": U, "k": 1}, "xs": [1, U], **variables})


@pytest.mark.parametrize(
    "source",
    [
        *("true || u", "u || true", "!(u && false)", "u == 1 || true", "[1, u].exists(x, x == 1)"),
        *("[u, 1].exists(x, x == 1)", "![u, 1].all(x, x == 2)", "size(xs) == 2", "xs[0] == 1", "o.k == 1"),
        *("[1, u] != [2, u]", "[1, u] != [1]", "1 in xs", "{'a': u} != {'b': u}", "has(o.k)", "'k' in o"),
        *("xs.exists_one(x, true) == false", "optional.of(1).orValue(u) == 1", "!has(o.absent)"),
        *("(true ? 1 : u) == 1", "o.map(k, k) == ['f', 'k']", "xs.reverse()[1] == 1", "size(xs + xs) == 4"),
        *("cel.bind(b, u, true)", "[u].map(x, 1) == [1]", "u.a.b == 1 || true", "u / 0 == 1 || true"),
    ],
)
def test_an_expression_that_does_not_depend_on_the_unknown_is_known(source: str) -> None:
    assert run(source) is True


@pytest.mark.parametrize(
    "source",
    [
        *(
            "u",
            "u == 2",
            "u != 2",
            "u == u",
            "u == null",
            "u == true",
            "u != false",
            "u == 'a'",
            "u == 1",
            "!u",
            "-u",
        ),
        *(
            "u < 1",
            "u + 1",
            "u in [1]",
            "2 in [1, u]",
            "'f' in o",
            "has(o.f)",
            "o.f.g.h",
            "has(u.f)",
            "o.?f",
            "u.?f",
        ),
        *(
            "o.?f.orValue(1)",
            "o.?f.?g.orValue(1)",
            "o.?f.hasValue()",
            "o[u]",
            "u[0]",
            "xs[u]",
            "xs[1]",
            "true && u",
        ),
        *("u || false", "u ? 1 : 1", "u ? true : true", "xs.all(x, x == 1)", "[1, u] == [1, 2]", "xs == xs"),
        *(
            "xs.exists(x, x == 2)",
            "xs.exists_one(x, x == 1)",
            "xs.filter(x, x == 1)",
            "u.all(x, true)",
            "u.map(x, 1)",
        ),
        *(
            "xs.map(x, x == 1, x)",
            "xs.sum()",
            "xs.max()",
            "xs.sort()",
            "xs.sortBy(x, x)",
            "xs.distinct()",
            "size(u)",
        ),
        *(
            "xs.isSorted()",
            "xs.flatten()",
            "['a', u].join()",
            "'%d %d'.format(xs)",
            "'%s'.format([[u]])",
            "type(u)",
        ),
        *(
            "string(u)",
            "u.startsWith('a')",
            "'a'.startsWith(u)",
            "u.matches('a')",
            "quantity(u).sign()",
            "xs.last()",
        ),
        *("u in ['a', 'b']", "u.contains('a')", "sets.contains(xs, [2])", "sets.intersects(xs, [3])", "[?u]"),
        *(
            "{u: 1}",
            "{?'a': u}",
            "optional.of(u)",
            "optional.ofNonZeroValue(u)",
            "[1].map(x, [u])[0][0]",
            "u.getHours()",
        ),
        *(
            "cel.bind(b, u, b)",
            "optional.of(1).optMap(x, u)",
            "u.optMap(x, 1)",
            "duration(u)",
            "ip(u)",
            "math.abs(u)",
        ),
        *(
            "math.greatest([1, u])",
            "[u].indexOf(1)",
            "cidr('10.0.0.0/8').containsIP(u)",
            "u.isGreaterThan(quantity(1))",
        ),
        *(
            "false || u == 1 || 1 / 0 == 1",
            "1 / 0 == 1 || u",
            "true && u && 1 / 0 == 1",
            "[u, 0].all(x, 1 / x == 1)",
        ),
    ],
)
def test_an_expression_that_depends_on_the_unknown_is_unknown(source: str) -> None:
    result = run(source)
    assert type(result) is Unknown
    assert (result.reason, result.repair) == (U.reason, U.repair)


@pytest.mark.parametrize("source", ["1 / 0 + u", "[u, 1 / 0]", "o.absent == u"])
def test_an_error_that_happens_whatever_the_unknown_is_stays_an_error(source: str) -> None:
    with pytest.raises(CelError):
        run(source)


@pytest.mark.parametrize(
    "source", ["u + v", "v + u", "u && v", "u || v || u", "[1, u] == [v, 2]", "u == 1 && v == 2 && u < 3"]
)
def test_several_unknowns_are_joined_sorted_and_each_named_once(source: str) -> None:
    result = run(source)
    assert result.reason == "secret is masked; var.size has no value"
    assert result.repair == "grant read; set var.size"


def test_a_container_with_an_unknown_keeps_it_inside() -> None:
    built = run("{'a': u, 'b': [u, 1]}")
    assert built["a"] is U
    assert built["b"][0] is U


_SAMPLES: tuple[Any, ...] = ("a", 1, 2.5, [1], {"a": 1}, b"a", True)


def _calls() -> list[tuple[str, str, int, int]]:
    functions = [
        f for f in {**GLOBALS, **{f".{n}": f for n, f in MEMBERS.items()}}.items() if f[1].module != METHOD
    ]
    return [
        (f.module, f.attribute, count, place)
        for _, f in functions
        for count in range(max(f.fewest, 1), min(f.most, f.fewest + 2) + 1)
        for place in range(count)
    ]


@pytest.mark.parametrize(("module", "attribute", "count", "place"), sorted(set(_calls())))
def test_no_function_overlooks_an_unknown_argument(
    module: str, attribute: str, count: int, place: int
) -> None:
    """The default of ``orValue`` and ``or`` is the one argument that may stay unread."""
    if place == 1 and attribute in ("or_value", "or_optional"):
        return
    function = load(module, attribute)
    for sample in _SAMPLES:
        arguments = [sample] * count
        arguments[place] = U
        try:
            assert function(*arguments) is U
        except (CelError, UnknownUsed):
            continue
