"""The path grammar: what a text means in a body, and which text a place has."""

from __future__ import annotations

import pytest

from auditor.paths import Path, PathSyntaxError, digest_of, expand, get, parse, render
from auditor.unknown import Unknown

TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists"}
POD = {
    "containers": [
        {
            "name": "worker",
            "args": ["--a", "--b", "--a"],
            "ports": [{"containerPort": 53, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}],
            "volumeMounts": [{"mountPath": "/a", "name": "x"}, {"mountPath": "/b", "name": "x"}],
            "resources": {"limits": {"nvidia.com/gpu": 1}},
        },
        {"name": "side"},
    ],
    "tolerations": [TOLERATION, {"key": "a"}, dict(reversed(TOLERATION.items()))],
    "widgets": [{"name": "one"}, {"name": "two"}, {"name": "two"}],
    "weird": [["x"], None, 1, "1", True, 10**20, {"name": ["no text"]}],
    "claims": [{"metadata": {"name": "data"}}],
    "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", [()]),
        ("containers[name=side]", [("containers", 1)]),
        ("containers[*].name", [("containers", 0, "name"), ("containers", 1, "name")]),
        (
            'containers[name=worker].resources.limits["nvidia.com/gpu"]',
            [("containers", 0, "resources", "limits", "nvidia.com/gpu")],
        ),
        (
            "containers[name=worker].ports[containerPort=53,protocol=UDP]",
            [("containers", 0, "ports", 1)],
        ),
        ('containers[*].args[="--a"]', [("containers", 0, "args", 0), ("containers", 0, "args", 2)]),
        ("containers[name=none]", []),
        ("missing[*].x", []),
        ("missing.deep.er", [("missing", "deep", "er")]),
        ("containers[name=side].resources.limits", [("containers", 1, "resources", "limits")]),
        ("containers[*].env[*]", []),
        (f"tolerations[#{digest_of(TOLERATION)}]", [("tolerations", 0)]),
        (f"tolerations[#{digest_of(TOLERATION)}~2]", [("tolerations", 2)]),
        (f"tolerations[#{digest_of(TOLERATION)}~3]", []),
        ("tolerations[]", [("tolerations",)]),
        ("containers[*].env[]", [("containers", 0, "env"), ("containers", 1, "env")]),
        ("volumeClaimTemplates[metadata.name=data]", [("volumeClaimTemplates", 0)]),
    ],
)
def test_expand(text: str, paths: list[Path]) -> None:
    assert expand(parse(text), POD) == paths


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("containers", 0, "name"), "containers[name=worker].name"),
        (("containers", 0, "args", 1), 'containers[name=worker].args[="--b"]'),
        (("containers", 0, "ports", 1), "containers[name=worker].ports[containerPort=53,protocol=UDP]"),
        (("containers", 0, "volumeMounts", 1), "containers[name=worker].volumeMounts[mountPath=/b]"),
        (
            ("containers", 0, "resources", "limits", "nvidia.com/gpu"),
            'containers[name=worker].resources.limits["nvidia.com/gpu"]',
        ),
        (("tolerations", 0), f"tolerations[#{digest_of(TOLERATION)}]"),
        (("tolerations", 2), f"tolerations[#{digest_of(TOLERATION)}~2]"),
        (("widgets", 0), "widgets[name=one]"),
        (("widgets", 2), f"widgets[#{digest_of({'name': 'two'})}~2]"),
        (("volumeClaimTemplates", 0), "volumeClaimTemplates[metadata.name=data]"),
        (("not", "there"), "not.there"),
    ],
)
def test_render(path: Path, text: str) -> None:
    assert render(POD, path) == text


def test_moving_elements_does_not_change_their_text() -> None:
    turned = {**POD, "containers": POD["containers"][::-1], "tolerations": POD["tolerations"][1:]}
    for path, moved in ((("containers", 0), ("containers", 1)), (("tolerations", 1), ("tolerations", 0))):
        assert render(POD, path) == render(turned, moved)


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("a..b", 3, "key"),
        (".a", 1, "key"),
        ("a.", 3, "key"),
        ("a b", 2, "expected"),
        ("a[0]", 3, "expected"),
        ("a[name=x", 9, "]"),
        ("a[", 3, "expected"),
        ("a[#12]", 3, "digest"),
        ("a[].b", 2, "last"),
        ("a[*]b", 5, "'.'"),
        ('a["x]', 3, "expected"),
        ("a]", 2, "expected"),
        ("é", 1, "key"),
    ],
)
def test_a_wrong_path_is_told_with_its_column(text: str, column: int, word: str) -> None:
    with pytest.raises(PathSyntaxError, match="column") as caught:
        parse(text)
    assert caught.value.column == column
    assert word in str(caught.value)


def test_get() -> None:
    assert get(POD, ("containers", 1, "name")) == "side"
    assert get(POD, (), 5) is POD
    for path in (("x",), ("containers", 9), ("containers", -1), ("containers", "name"), ("containers", 0, 0)):
        assert get(POD, path, "missing") == "missing"
    assert get("text", (0,)) is None


def test_an_unknown_stands_for_what_is_below_it() -> None:
    unknown = Unknown("not resolved")
    body = {"spec": unknown, "items": [unknown, {"name": "a"}]}
    assert get(body, ("spec", "deep", 0)) is unknown
    assert expand(parse("spec[*]"), body) == [("spec",)]
    assert expand(parse("spec.containers[*].name"), body) == [("spec", "containers", "name")]
    assert get(body, ("spec", "containers", "name")) is unknown
    assert expand(parse("items[name=a]"), body) == [("items", 1)]
    assert expand(parse(render(body, ("items", 0))), body) == [("items", 0)]


def test_a_pattern_that_appends_says_so() -> None:
    assert parse("a[]").appends
    assert not parse("a[*]").appends
