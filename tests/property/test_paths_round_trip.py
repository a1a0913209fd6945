"""Every place of every body has a text that means exactly this place."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.paths import MERGE_KEYS, PathSyntaxError, expand, parse, render

FIELDS = [
    *sorted(MERGE_KEYS),
    "containers",
    "env",
    "args",
    "rules",
    "tolerations",
    "x.y/z",
    "",
    'q"\\',
    "é",
    "[*]",
    "#",
]
NAMES = st.sampled_from(
    ["name", "id", "type", "mountPath", "containerPort", "port", "protocol", "metadata", "topologyKey"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(2**62, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["a", "b", "1", "true", "", "a,b", "a]b", 'a"b', "a\\", "a\nb", "x=y", "*", "#12345678"]
    )
    | st.text(max_size=3)
)
ELEMENTS = SCALARS | st.dictionaries(NAMES, SCALARS, max_size=3)
BODIES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(st.sampled_from(FIELDS) | NAMES | st.text(max_size=3), inner, max_size=4)
        | st.lists(inner | ELEMENTS, max_size=5)
        | st.dictionaries(st.sampled_from(FIELDS), st.lists(ELEMENTS, max_size=5), max_size=3)
    ),
    max_leaves=25,
)


def paths(body: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path, *(deeper for key, item in pairs for deeper in paths(item, (*path, key)))]


@settings(max_examples=400, deadline=None)
@given(BODIES)
def test_the_text_of_a_place_means_that_place(body: Any) -> None:
    texts = set()
    for path in paths(body):
        text = render(body, path)
        assert expand(parse(text), body) == [path]
        texts.add(text)
    assert len(texts) == len(paths(body))


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet='ab.[]*="\\#~,01 é', max_size=12))
def test_any_text_is_a_path_or_a_syntax_error_with_its_column(text: str) -> None:
    try:
        pattern = parse(text)
    except PathSyntaxError as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert isinstance(expand(pattern, {"a": [{"b": 1}]}), list)
