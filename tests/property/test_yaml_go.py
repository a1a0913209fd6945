"""The loader against the real sigs.k8s.io/yaml: 0 differences. Needs Go, to build a small program once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gotools.gojson import Difference, GoYaml, compare_tree, differences, stream_differences
from tests.gotools.probes import HERE, answers
from tests.property.test_yaml_fuzz import mutate
from tests.property.test_yaml_skip import EVASIONS

pytestmark = pytest.mark.slow

NUMBER = st.from_regex(
    r"[-+.]?(0[xXbBoO]?)?[0-9a-fA-F_]{0,20}(\.[0-9_]{0,20})?([eE][-+]?[0-9]{0,3})?", fullmatch=True
)
WORDS = """
y Y yes YES yEs n no off on On true TRUE tRue false null Null ~ .inf -.Inf +.INF .nan << = 2024-01-15
2024-01-15T12:00:00Z 1:30 190:20:30 0644 0o644 089 1e3 12e6 100m 16Gi -0 +0 0. .5 +.5 1__0 0x_1 0b-1
"""
TAGS = ("", "", "", "", "! ", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!timestamp ", "!x ")
WORD = st.sampled_from(WORDS.split())
PLAIN = NUMBER | WORD | st.from_regex(r"[A-Za-z0-9_.+~:/-]{1,12}", fullmatch=True)
QUOTED = st.text(max_size=8).map(
    lambda text: json.dumps(text, ensure_ascii=max(text, default="") < "\U00010000")
)
TAG = st.sampled_from(TAGS)
SCALAR = st.tuples(TAG, PLAIN | QUOTED).map("".join)
FLOW = st.recursive(
    SCALAR | st.sampled_from(["*a", "&a 1", "&a {x: 1}", "&a [*a]"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(SCALAR | st.sampled_from(["<<", "k", "'<<'"]), inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key} : {value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def go() -> Iterator[GoYaml]:
    with GoYaml() as running:
        yield running


def assert_equal(go: GoYaml, data: bytes) -> None:
    found = [difference for difference in differences(go, data) if not known(difference)]
    assert not found, found


def known(difference: Difference) -> bool:
    r"""Where PyYAML's libyaml is another parser than Go's older port of it.

    It takes ``\/`` in double quotes; it skips a byte order mark that begins a line, which Go takes for a
    character; it refuses a plain text that ends in a colon before a bracket, which is a row of the report.
    """
    text = difference.text
    return rb"\/" in text or b"\xef\xbb\xbf" in text[3:] or "unexpected ':'" in difference.ours


def test_the_probes_still_have_the_answers_of_go() -> None:
    assert answers() == json.loads((HERE / "probes.json").read_text())


@settings(max_examples=3000, deadline=None)
@given(text=PLAIN)
def test_plain_scalars(go: GoYaml, text: str) -> None:
    assert_equal(go, f"a: {text}\n".encode())


@settings(max_examples=1500, deadline=None)
@given(text=SCALAR)
def test_keys_and_tagged_scalars(go: GoYaml, text: str) -> None:
    assert_equal(go, f"? {text}\n: 1\n".encode())
    assert_equal(go, f"- {text}\n".encode())


@settings(max_examples=1500, deadline=None)
@given(text=st.lists(FLOW, min_size=1, max_size=3))
def test_structures_with_anchors_and_merge_keys(go: GoYaml, text: list[str]) -> None:
    assert_equal(go, "".join(f"- {item}\n" for item in text).encode())


def test_mutated_manifests(go: GoYaml) -> None:
    """Values are Go's and what Go refuses is refused; libyaml may refuse a little more, which is a row."""
    compared = refused = 0
    for seed in range(4000):
        data = mutate(seed)
        # What begins as JSON goes to a JSON reader; depth limits and binary files are our own affair.
        ours_alone = data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{" or b"\0" in data
        if ours_alone or re.search(rb"\[{99}|(\{a: ){99}|(- ){99}", data):
            continue
        compared += 1
        for difference in stream_differences(go, data):
            assert known(difference) or difference.ours == "error", difference
            refused += difference.ours == "error"
    assert compared > 2000
    assert refused < compared / 200


@pytest.mark.parametrize("text", EVASIONS.values(), ids=EVASIONS)
def test_evasions_are_streams_as_in_go(go: GoYaml, text: str) -> None:
    assert not [found for found in stream_differences(go, text.encode()) if not known(found)]


def test_alias_expansion_is_refused_at_the_same_size(go: GoYaml) -> None:
    for count in (*range(90, 110), 500, 1200):
        for size in (1, 9, 100, 990):
            anchor = b"a: &a [" + b", ".join([b"x"] * size) + b"]\n"
            assert_equal(go, anchor + b"b: [" + b", ".join([b"*a"] * count) + b"]\n")
    for levels in range(1, 9):
        lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, levels)]
        assert_equal(go, b"\n".join(lines))


def test_a_directory_compares_document_by_document(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: yes\n---\nb: 0644\n---\n# nothing\n")
    (tmp_path / "b.yml").write_text("c: {{ .x }}\n---\nd: 1\n")
    assert compare_tree(tmp_path) == (2, 4, [])
