"""Edits change what they are asked to, write it as the file writes it, and touch nothing else."""

from __future__ import annotations

import pytest

from auditor.spans import Edit
from auditor.yamlio import SourceMap, load_stream
from auditor.yamlio.edits import (
    CannotEdit,
    EditConflict,
    add_key,
    append_item,
    apply,
    remove,
    set_value,
)

Path = tuple[str | int, ...]


def smap(text: str, index: int = 0) -> SourceMap:
    data = text.encode()
    return SourceMap(data, load_stream(data, "x.yaml")[index])


def made(text: str, edit: Edit) -> str:
    return apply(text.encode(), [edit]).decode()


POD = """\
spec:
  containers:
  - name: a  # first
    image: x:1
    resources:
      limits: {cpu: 1}

    # between
  - name: b
    image: "y:2"   # quoted
  tolerations: []
"""

SETS: dict[str, tuple[str, Path, object, str]] = {
    "a plain scalar": ("a: 1 # c\nb: 2\n", ("a",), 3, "a: 3 # c\nb: 2\n"),
    "double quotes stay": ('a: "x"\n', ("a",), "z w", 'a: "z w"\n'),
    "single quotes stay": ("a: 'x'\n", ("a",), "it's", "a: 'it''s'\n"),
    "an ambiguous word is quoted": ("a: x\n", ("a",), "yes", 'a: "yes"\n'),
    "an octal is quoted": ("a: x\n", ("a",), "0644", 'a: "0644"\n'),
    "a float is quoted": ("a: x\n", ("a",), "1e3", 'a: "1e3"\n'),
    "null as text is quoted": ("a: x\n", ("a",), "null", 'a: "null"\n'),
    "a quantity is not quoted": ("a: x\n", ("a",), "16Gi", "a: 16Gi\n"),
    "CRLF": ("a: 1\r\nb: 2\r\n", ("c", "d"), 3, "a: 1\r\nb: 2\r\nc:\r\n  d: 3\r\n"),
    "no final newline": ("a:\n  b: 1", ("a", "c"), 2, "a:\n  b: 1\n  c: 2"),
    "a tab after the value": ("a: 1\t# c\n", ("a",), 2, "a: 2\t# c\n"),
    "an absent value": ("a:\nb: 1\n", ("a",), 2, "a: 2\nb: 1\n"),
    "an absent value with a comment": ("a:  # c\nb: 1\n", ("a",), 2, "a: 2  # c\nb: 1\n"),
    "a child of an absent value": ("a:  # c\nb: 1\n", ("a", "x"), 2, "a:  # c\n  x: 2\nb: 1\n"),
    "a child of null": ("a: null # c\nb: 1\n", ("a", "x"), 2, "a: # c\n  x: 2\nb: 1\n"),
    "a child of an empty flow map": ("a: {}\n", ("a", "x"), "z", "a: {x: z}\n"),
    "a flow map": ("a: {b: 1} # c\n", ("a", "c"), 2, "a: {b: 1, c: 2} # c\n"),
    "a flow list with its last comma": ("a: [1, 2,]\n", ("a", 2), 3, "a: [1, 2, 3,]\n"),
    "a flow map over several lines": (
        "a: {\n  b: 1,\n  c: 2\n}\n",
        ("a", "d"),
        3,
        "a: {\n  b: 1,\n  c: 2,\n  d: 3\n}\n",
    ),
    "a block in place of a scalar": ("a: 1 # c\nb: 2\n", ("a",), {"x": [1]}, "a: # c\n  x:\n    - 1\nb: 2\n"),
    "a scalar in place of a block": ("a: # c\n  x: 1\n  y: 2\nb: 2\n", ("a",), 5, "a: 5 # c\nb: 2\n"),
    "a block in place of a block": ("a:\n- 1\n- 2\nb: 2\n", ("a",), {"x": 1}, "a:\n  x: 1\nb: 2\n"),
    "a literal": ("a: |  # c\n  x\n  y\nb: 2\n", ("a",), "z", "a: z  # c\nb: 2\n"),
    "an item": ("a:\n- 1\n- 2 # c\n", ("a", 1), "x", "a:\n- 1\n- x # c\n"),
    "an item becomes a map": ("a:\n- 1\n- 2\n", ("a", 0), {"x": 1, "z": 2}, "a:\n- x: 1\n  z: 2\n- 2\n"),
    "a quoted key": (
        "'a b':\n    c: 1\n",
        ("a b", "d"),
        {"e": 1},
        "'a b':\n    c: 1\n    d:\n        e: 1\n",
    ),
    "a key that needs quotes": ("a: 1\n", ("on",), True, 'a: 1\n"on": true\n'),
    "into the first line of an item": ("- a: 1\n- b: 2\n", (0, "c"), 3, "- a: 1\n  c: 3\n- b: 2\n"),
    "JSON": ('{\n  "a": 1\n}\n', ("b", "c"), ["x"], '{\n  "a": 1,\n  "b": {"c": ["x"]}\n}\n'),
    "a long text stays on its line": ("a: x\n", ("a",), "word " * 60 + "end", "a: " + "word " * 60 + "end\n"),
    "several lines of text": ("a: x\n", ("a",), "x\ny\n", 'a: "x\\ny\\n"\n'),
    "missing parents": (
        POD,
        ("spec", "nodeSelector", "pool"),
        "gpu",
        POD + "  nodeSelector:\n    pool: gpu\n",
    ),
}


@pytest.mark.parametrize(("text", "path", "value", "wanted"), SETS.values(), ids=SETS)
def test_set_value(text: str, path: Path, value: object, wanted: str) -> None:
    assert made(text, set_value(smap(text), path, value)) == wanted


TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


APPENDS: dict[str, tuple[str, Path, object, str]] = {
    "at the parent's column": (
        "a:\n- x: 1\nb: 2\n",
        ("a",),
        TOLERATION,
        "a:\n- x: 1\n- key: nvidia.com/gpu\n  operator: Exists\n  effect: NoSchedule\nb: 2\n",
    ),
    "indented": ("a:\n    - 1\n\n# c\nb: 2\n", ("a",), 2, "a:\n    - 1\n    - 2\n\n# c\nb: 2\n"),
    "flow items stay flow": ("a:\n- {x: 1}\n", ("a",), {"z": 2}, "a:\n- {x: 1}\n- {z: 2}\n"),
    "a flow list stays flow": ("a: [x]\n", ("a",), "z", "a: [x, z]\n"),
    "an empty flow list": ("a: []\n", ("a",), {"z": "no"}, 'a: [{z: "no"}]\n'),
    "a missing list follows the others": (
        "a:\n  b:\n  - 1\n",
        ("a", "c"),
        2,
        "a:\n  b:\n  - 1\n  c:\n  - 2\n",
    ),
    "a list that is absent": ("a:\nb: 1\n", ("a",), 2, "a:\n  - 2\nb: 1\n"),
    "no final newline": ("a:\n- 1", ("a",), 2, "a:\n- 1\n- 2"),
    "behind a literal": ("a:\n- |\n  x\n\nb: 1\n", ("a",), 2, "a:\n- |\n  x\n- 2\n\nb: 1\n"),
    "a list in a list": ("- - 1\n  - 2\n- 3\n", (0,), 4, "- - 1\n  - 2\n  - 4\n- 3\n"),
}


@pytest.mark.parametrize(("text", "path", "value", "wanted"), APPENDS.values(), ids=APPENDS)
def test_append_item(text: str, path: Path, value: object, wanted: str) -> None:
    assert made(text, append_item(smap(text), path, value)) == wanted


REMOVALS: dict[str, tuple[str, Path, str]] = {
    "a key": ("a: 1\n# c\nb: 2 # gone\nc: 3\n", ("b",), "a: 1\n# c\nc: 3\n"),
    "a block": ("a:\n  b:\n    c: 1\n    d: 2\n  e: 3\n", ("a", "b"), "a:\n  e: 3\n"),
    "an emptied parent": ("a:\n  b:\n    c: 1\nd: 2\n", ("a", "b", "c"), "d: 2\n"),
    "an item": ("a:\n- x: 1\n  y: 2\n# c\n- z: 3\n", ("a", 0), "a:\n# c\n- z: 3\n"),
    "the first key of an item": ("- a: 1 # gone\n  # c\n  b: 2\n", (0, "a"), "  # c\n- b: 2\n"),
    "a flow item": ("a: [1, 2, 3]\n", ("a", 1), "a: [1, 3]\n"),
    "the last of a flow map": ("a: {b: 1, c: 2}\n", ("a", "c"), "a: {b: 1}\n"),
    "all of a flow document": ('{"a": {"b": 1}}\n', ("a", "b"), "{}\n"),
    "the last line": ("a: 1\nb: 2", ("b",), "a: 1\n"),
    "CRLF": ("a: 1\r\nb: 2\r\nc: 3\r\n", ("b",), "a: 1\r\nc: 3\r\n"),
    "a line of JSON": ('{\n  "a": 1,\n  "b": 2\n}\n', ("b",), '{\n  "a": 1\n}\n'),
}


@pytest.mark.parametrize(("text", "path", "wanted"), REMOVALS.values(), ids=REMOVALS)
def test_remove(text: str, path: Path, wanted: str) -> None:
    assert made(text, remove(smap(text), path)) == wanted


def test_the_last_key_of_a_block_document_stays() -> None:
    with pytest.raises(CannotEdit, match="whole document"):
        remove(smap("a:\n  b: 1\n"), ("a", "b"))
    with pytest.raises(CannotEdit, match="does not exist"):
        remove(smap("a: 1\n"), ("b",))


def test_remove_without_prune_leaves_an_empty_parent() -> None:
    for text, path, wanted in (
        ("a:\n  b: 1\nd: 2\n", ("a", "b"), "a: {}\nd: 2\n"),
        ("a: # c\n- 1\nd: 2\n", ("a", 0), "a: [] # c\nd: 2\n"),
        ("a: [1]\n", ("a", 0), "a: []\n"),
    ):
        assert made(text, remove(smap(text), path, prune=False)) == wanted


REFUSALS: dict[str, tuple[str, Path, str]] = {
    "an alias": ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "alias"),
    "a merged key": ("a: &x {b: 1}\nc:\n  <<: *x\n", ("c", "b"), "merge key in line 3"),
    "an anchor used elsewhere": ("a: &x\n  b: 1\nc: *x\n", ("a", "b"), "anchor that is used elsewhere"),
    "a child of a text": ("a: x\n", ("a", "b"), "single value"),
    "an index in a map": ("a: {}\n", ("a", 0), "cannot exist"),
    "a later item": ("a: []\n", ("a", 3), "cannot exist"),
    "a broken document": ("a: [\n", ("a",), "does not parse"),
    "old line breaks": ("a: 1\rb: 2\r", ("a",), "line breaks"),
    "a question mark": ("? a\n: 1\n? b\n: 2\n", ("c",), "'?'"),
    "the end of a text without a last line break": ("a: |\n  x", ("b",), "no safe place"),
}


@pytest.mark.parametrize(("text", "path", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_done_safely_is_refused_with_the_reason(text: str, path: Path, reason: str) -> None:
    with pytest.raises(CannotEdit, match=reason):
        set_value(smap(text), path, 5)


def test_a_key_that_is_there_twice_is_not_removed() -> None:
    with pytest.raises(CannotEdit, match="twice"):
        remove(smap("a: 1\nb: 2\na: 3\n"), ("a",))


def test_the_effective_one_of_two_equal_keys_is_set() -> None:
    text = "a: 1\nb: 2\na: 3\n"
    assert made(text, set_value(smap(text), ("a",), 4)) == "a: 1\nb: 2\na: 4\n"


def test_an_anchor_nobody_uses_does_not_matter() -> None:
    text = "a: &x\n  b: 1\n"
    assert made(text, set_value(smap(text), ("a", "c"), 2)) == "a: &x\n  b: 1\n  c: 2\n"


def test_add_key_refuses_what_exists() -> None:
    with pytest.raises(CannotEdit, match="exists already"):
        add_key(smap("a: 1\n"), ("a",), 2)
    assert made("a: 1\n", add_key(smap("a: 1\n"), ("b",), 2)) == "a: 1\nb: 2\n"


def test_only_its_own_document_of_a_stream_changes() -> None:
    text = "a: 1\n---\na: 2\n---\na: 3\n"
    assert made(text, set_value(smap(text, 1), ("b",), 4)) == "a: 1\n---\na: 2\nb: 4\n---\na: 3\n"


def test_equal_edits_merge_and_overlapping_ones_conflict() -> None:
    assert apply(b"abcd", [Edit(1, 2, b"X"), Edit(3, 3, b"Y"), Edit(1, 2, b"X")]) == b"aXcYd"
    with pytest.raises(EditConflict):
        apply(b"abcd", [Edit(0, 2, b""), Edit(1, 3, b"")])
    with pytest.raises(EditConflict):
        apply(b"abcd", [Edit(1, 1, b"x"), Edit(1, 1, b"y")])
