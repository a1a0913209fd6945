"""Each kind of bad input gives one row with place, cause and repair, and costs no other document."""

from __future__ import annotations

import time

import pytest

from auditor.spans import Problem
from auditor.yamlio import Limits, load_stream

GOOD = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"


def problem(data: bytes, path: str = "x.yaml", limits: Limits | None = None) -> Problem:
    documents = load_stream(data, path, limits=limits or Limits())
    problems = [document.problem for document in documents if document.problem]
    assert len(problems) == 1
    assert all(document.body is None for document in documents if document.problem)
    assert problems[0].file == path
    assert problems[0].repair
    return problems[0]


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"a: 1\n\tb: 2\n", 2, 1, "tab"),
        (b"a:\n\tb: 2\n", 2, 1, "tab"),
        (b"a: [1, 2\nb: 3\n", 1, 4, "'[' is not closed"),
        (b'a: "x\n\n', 1, 4, "not closed"),
        (b"a: b: c\n", 1, 5, "mapping values"),
        (b"a: 1\n b: 2\n", 2, 3, "mapping values"),
        (b"a: @x\n", 1, 4, "cannot start any token"),
        (b"a: *nope\n", 1, 4, "unknown anchor 'nope'"),
        (b"<<: 1\n", 1, 5, "merge key"),
        (b"a: &a [*a]\n", 1, 8, "contains itself"),
        (b"? [a]\n: b\n", 1, 5, "mapping key"),
        (b"~: b\n", 1, 1, "null cannot be a mapping key"),
        (b"a: 1\nb: .nan\n", 2, 4, "does not exist in JSON"),
        (b"a: 1\nb: \x01\n", 2, 4, "control character #x0001"),
        (b"a: 1\nb: x\xff\n", 2, 5, "not valid UTF-8: byte 0xff at byte 9"),
        (b"a: 1\nb: x\0y\n", 2, 5, "NUL byte at byte 9"),
        (b"\xff\xfea\0:\0 \0\x00\xd8", 1, 9, "not valid UTF-16"),
        ("ü: 1\nä: b: c\n".encode(), 2, 5, "mapping values"),
        (b"\xef\xbb\xbfa: b: c\n", 1, 6, "mapping values"),
        (b"a: !!int x\n", 1, 4, "'x' is not a !!int"),
    ],
)
def test_a_broken_document_is_one_row_with_its_place(data: bytes, line: int, column: int, words: str) -> None:
    row = problem(data)
    assert (row.line, row.column) == (line, column), row
    assert words in row.what


def test_the_documents_around_a_broken_one_load() -> None:
    documents = load_stream(GOOD + b'---\na: "x\n---\n' + GOOD, "x.yaml")
    assert [bool(document.problem) for document in documents] == [False, True, False]
    assert documents[0].body == documents[2].body
    assert [document.line for document in documents] == [1, 5, 7]
    assert documents[1].problem
    assert documents[1].problem.line == 5


@pytest.mark.parametrize(
    "text", [b"a: {{ .Values.x }}\n", b"{{- if .x }}\na: 1\n{{- end }}\n", b"{% if x %}\na: 1\n"]
)
def test_a_template_is_called_one(text: bytes) -> None:
    row = problem(text)
    assert "looks like a template" in row.what
    assert "render" in row.repair


def test_nesting_beyond_the_limit_is_a_row_and_costs_no_time() -> None:
    begun = time.process_time()
    for opening in (b"[", b"{a: ", b"- "):
        assert "nested deeper than 200" in problem(opening * 100_000).what
    assert "nested deeper" in problem(b"[" * 100_000 + b"]" * 100_000, "x.json").what
    assert time.process_time() - begun < 2


def test_nesting_within_the_limit_loads() -> None:
    body = load_stream(b"[" * 200 + b"]" * 200, "x.yaml")[0].body
    for _ in range(199):
        assert isinstance(body, list)
        (body,) = body
    assert body == []


def test_an_alias_bomb_is_a_row() -> None:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)]
    begun = time.process_time()
    assert "aliases expand the document to" in problem(b"\n".join(lines)).what
    assert time.process_time() - begun < 1


def test_a_merge_bomb_is_a_row() -> None:
    wide = b", ".join(b"k%d: 1" % n for n in range(5000))
    data = b"a: &a {" + wide + b"}\nb:\n" + b"".join(b"- {<<: *a}\n" for _ in range(5000))
    assert "merge keys copy too many entries" in problem(data).what


def test_shared_references_are_fine() -> None:
    text = b"a: &a {b: [1, 2]}\n" + b"".join(b"c%d: *a\n" % n for n in range(100))
    document = load_stream(text, "x.yaml")[0]
    assert document.problem is None
    assert isinstance(document.body, dict)
    assert document.body["c0"] is document.body["c99"]


def test_a_file_beyond_the_size_limit_is_a_row_about_the_file() -> None:
    row = problem(GOOD * 10, limits=Limits(max_bytes=100))
    assert row.line == 0
    assert "limit of 100" in row.what


@pytest.mark.parametrize("begin", [b"", b"%YAML 1.1\n---\na: b: c\n---\n"])
def test_the_documents_beyond_the_limit_are_one_row(begin: bytes) -> None:
    documents = load_stream(begin + b"a: 1\n---\n" * 30, "x.yaml", limits=Limits(max_documents=10))
    assert len(documents) == 11
    assert documents[-1].problem
    assert "the rest was not read" in documents[-1].problem.what
    assert documents[-1].problem.line == documents[-2].line + 1


def test_one_bad_byte_costs_one_document() -> None:
    documents = load_stream(b"a: 1\n---\nb: \xff\n---\nc: \xc3\xa9\n", "x.yaml")
    assert [document.body for document in documents] == [{"a": 1}, None, {"c": "é"}]
    assert documents[1].problem
    assert (documents[1].problem.line, documents[1].problem.column) == (3, 4)


def test_utf16_with_its_mark_reads_as_in_go() -> None:
    for encoding, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        documents = load_stream(mark + "a: ü\n---\nb: 2\n".encode(encoding), "x.yaml")
        assert [document.body for document in documents] == [{"a": "ü"}, {"b": 2}]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = b"\xef\xbb\xbfa: 1\r\n---\r\nb: |\r\n  x\r\n"
    assert [document.body for document in load_stream(text, "x.yaml")] == [{"a": 1}, {"b": "x\n"}]


def test_the_last_of_duplicate_keys_counts_and_all_are_told() -> None:
    text = b"a: 1\nb:\n  - c: 1\n    d: 2\n    c: 3\na: 4\n"
    document = load_stream(text, "x.yaml")[0]
    assert document.body == {"a": 4, "b": [{"c": 3, "d": 2}]}
    assert document.duplicates == (("b[0].c", 5), ("a", 6))


def test_overriding_a_merged_key_is_no_duplicate() -> None:
    document = load_stream(b"x: &x {a: 1}\nz:\n  <<: *x\n  a: 2\n", "x.yaml")[0]
    assert document.body == {"x": {"a": 1}, "z": {"a": 2}}
    assert document.duplicates == ()


def test_json_reads_what_yaml_cannot() -> None:
    text = b'{\n\t"a": "\\ud83d\\ude00",\n\t"b": [1, 1.0, 1e3, "\\/", "\\ud800"],\n\t"a": "\x7f"\n}'
    for path in ("x.json", "x.yaml"):
        document = load_stream(text, path)[0]
        assert document.problem is None
        assert document.body == {"a": "\x7f", "b": [1, 1, 1000, "/", "\ufffd"]}
        assert document.duplicates == (("a", 4),)


def test_several_json_values_in_a_row_are_documents() -> None:
    documents = load_stream(b'{"a": 1}\n{"b": 2}\n', "x.json")
    assert [(document.body, document.line) for document in documents] == [({"a": 1}, 1), ({"b": 2}, 2)]


def test_json_values_beyond_the_limit_are_told() -> None:
    assert "more than 10 documents" in problem(b"{}" * 11, "x.json", Limits(max_documents=10)).what


def test_yaml_in_a_json_file_loads_and_broken_json_is_told_as_json() -> None:
    assert load_stream(b"a: 1\n---\nb: 2\n", "x.json")[1].body == {"b": 2}
    row = problem(b'{"a": 1,\n "b": [1 2]}', "x.json")
    assert (row.line, row.column) == (2, 10)
    assert "not valid JSON" in row.what
    assert "out of range" in problem(b'{"a": 1e999}', "x.json").what


def test_an_empty_file_holds_no_document() -> None:
    for data in (b"", b"\n", b"# only a comment\n", b"\xef\xbb\xbf"):
        assert load_stream(data, "x.yaml") == []
    assert load_stream(b" \n", "x.json") == []


def test_many_broken_documents_cost_linear_time() -> None:
    begun = time.process_time()
    assert len(load_stream(b"a: b: c\n---\n" * 40_000, "x.yaml")) == 40_001
    assert time.process_time() - begun < 10
