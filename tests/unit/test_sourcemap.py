"""Places of keys and values, byte for byte, however the file is written."""

from __future__ import annotations

import pytest

from auditor.spans import Span
from auditor.yamlio import SourceMap, YamlDocument, load_stream

Path = tuple[str | int, ...]

TEXT = """\
# head
---
apiVersion: v1  # version
metadata:
  name: "worker"  # auditor: allow x
  # above
  # auditor: allow y reason="#1"
  labels: {app: a, 'tier': "b # no"}
spec:
- key: one
  text: |  # kept
    # no comment
    two

- - x
-
- &anchor
  plain: a#b
  long: >-
    folded
    text
- *anchor
- <<: *anchor
  own: 1
empty:
été: "ü"  # ünïcode
"""


@pytest.fixture(scope="module")
def smap() -> SourceMap:
    data = TEXT.encode()
    return SourceMap(data, load_stream(data, "x.yaml")[0])


def cut(smap: SourceMap, path: Path, what: str = "value") -> str:
    span = getattr(smap, what)(path)
    assert span is not None
    text = smap.data[span.start : span.end].decode()
    line = TEXT.splitlines()[span.line - 1]
    assert line[span.column - 1 :].startswith(text.split("\n")[0])
    assert TEXT.encode()[: span.end].count(b"\n") + 1 == span.end_line
    return text


VALUES: list[tuple[Path, str, str]] = [
    (("apiVersion",), "v1", "plain"),
    (("metadata", "name"), '"worker"', "double"),
    (("metadata", "labels"), "{app: a, 'tier': \"b # no\"}", "flow"),
    (("metadata", "labels", "tier"), '"b # no"', "double"),
    (("spec", 0, "text"), "|  # kept\n    # no comment\n    two", "literal"),
    (("spec", 1), "- x", "block"),
    (("spec", 2), "", "plain"),
    (("spec", 3, "plain"), "a#b", "plain"),
    (("spec", 3, "long"), ">-\n    folded\n    text", "folded"),
    (("spec", 4), "*anchor", "alias"),
    (("spec", 4, "plain"), "*anchor", "alias"),
    (("spec", 5, "plain"), "*anchor", "alias"),
    (("spec", 5, "own"), "1", "plain"),
    (("empty",), "", "plain"),
    (("été",), '"ü"', "double"),
]


@pytest.mark.parametrize(("path", "text", "style"), VALUES, ids=[str(row[0]) for row in VALUES])
def test_value_is_exactly_the_value(smap: SourceMap, path: Path, text: str, style: str) -> None:
    assert cut(smap, path) == text
    assert smap.style(path) == style


KEYS: list[tuple[Path, str, int]] = [
    (("apiVersion",), "apiVersion", 3),
    (("metadata", "labels", "tier"), "'tier'", 8),
    (("spec", 0), "k", 10),
    (("spec", 0, "text"), "text", 11),
    (("spec", 1), "-", 15),
    (("spec", 1, 0), "x", 15),
    (("spec", 2), "-", 16),
    (("spec", 4), "*", 22),
    (("spec", 4, "plain"), "*", 22),
    (("spec", 5, "plain"), "<<", 23),
    (("été",), "été", 26),
]


@pytest.mark.parametrize(("path", "text", "line"), KEYS, ids=[str(row[0]) for row in KEYS])
def test_key_is_exactly_the_key(smap: SourceMap, path: Path, text: str, line: int) -> None:
    assert cut(smap, path, "key") == text
    span = smap.key(path)
    assert span
    assert span.line == line


def test_what_does_not_exist_has_no_place_but_a_nearest_one(smap: SourceMap) -> None:
    for path, reached, text in (
        (("metadata", "labels", "no", "deep"), ("metadata", "labels"), "labels"),
        (("spec", 9), ("spec",), "spec"),
        (("spec", "key"), ("spec",), "spec"),
        (("apiVersion", "deep"), ("apiVersion",), "apiVersion"),
        (("spec", 4, "no"), ("spec", 4), "*"),
        (("nothing",), (), "apiVersion: v1  # version"),
        ((), (), "apiVersion: v1  # version"),
    ):
        assert smap.key(path) is None
        span, nearest = smap.nearest(path)
        assert nearest == reached
        assert smap.data[span.start : span.end].decode() == text


def test_the_place_of_something_merged_is_where_it_is_merged(smap: SourceMap) -> None:
    span, reached = smap.nearest(("spec", 5, "plain"))
    assert (span.line, reached) == (23, ("spec", 5, "plain"))
    assert smap.nearest(("spec", 4, "plain"))[0].line == 22


def test_comments_are_found_and_texts_are_not(smap: SourceMap) -> None:
    assert smap.comments_on(3) == "version"
    assert smap.comments_on(5) == "auditor: allow x"
    assert smap.comments_on(8) == 'above\nauditor: allow y reason="#1"'
    assert smap.comments_on(11) == "kept"
    for line in (2, 4, 9, 10, 12, 13, 18, 22, 25, 99):
        assert smap.comments_on(line) == "", line
    assert smap.comments_on(26) == "ünïcode"


@pytest.mark.parametrize("before", ["", "\ufeff", "# ü\n\n", "a: ü\n---\n", "%YAML 1.1\n---\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_offsets_are_bytes_and_lines_are_the_files(before: str, newline: str) -> None:
    text = (before + "k: ä\nb: [x, {c: ö}]  # d\n").replace("\n", newline)
    data = text.encode()
    document = load_stream(data, "x.yaml")[-1]
    smap = SourceMap(data, document)
    span = smap.value(("b", 1, "c"))
    assert span
    assert data[span.start : span.end].decode() == "ö"
    assert span.line == before.count("\n") + 2
    assert document.line == before.count("\n") + 1
    assert (span.column, span.end_column) == (12, 13)
    assert smap.comments_on(span.line) == "d"


def test_positions_of_json_that_yaml_cannot_read() -> None:
    data = b'{\n\t"a": "\\ud83d\\ude00",\n\t"b": [1, {"c\\n": true}]\n}\n'
    smap = SourceMap(data, load_stream(data, "x.json")[0])
    span = smap.value(("b", 1, "c\n"))
    assert span
    assert (span.line, data[span.start : span.end]) == (3, b"true")
    key = smap.key(("a",))
    assert key
    assert (key.line, key.column, data[key.start : key.end]) == (2, 2, b'"a"')
    assert smap.style(("b",)) == "flow"


def test_a_broken_document_has_only_its_first_line() -> None:
    data = b"a: 1\n---\nb: [\nc: 2\n"
    smap = SourceMap(data, load_stream(data, "x.yaml")[1])
    span, reached = smap.nearest(("b", 0))
    assert (span.line, reached) == (3, ())
    assert smap.value(("b",)) is None
    assert smap.comments_on(3) == ""


def test_the_last_of_equal_keys_has_the_place() -> None:
    data = b"a: 1\na: 2\n"
    span = SourceMap(data, load_stream(data, "x.yaml")[0]).key(("a",))
    assert span
    assert span.line == 2


def test_keys_that_are_no_strings_are_found_by_their_json_name() -> None:
    data = b"on: 1\n1.50: 2\n0x10: 3\n? &k x\n: 4\n*k : 5\n"
    document = load_stream(data, "x.yaml")[0]
    smap = SourceMap(data, document)
    assert document.body == {"true": 1, "1.5": 2, "16": 3, "x": 5}
    for key, line in (("true", 1), ("1.5", 2), ("16", 3), ("x", 6)):
        span = smap.key((key,))
        assert span
        assert span.line == line


def test_a_document_beyond_any_real_size_has_only_its_first_line() -> None:
    data = b"a: 1\nb: [" + b"1," * 5_000_000 + b"]\n"
    smap = SourceMap(data, YamlDocument(index=0, line=1, start=0, end=len(data)))
    assert smap.nearest(("a",)) == (Span(1, 1, 1, 5, 0, 4), ())
