"""Unguarded reads of optional fields."""

from __future__ import annotations

import pytest

from auditor.cel import unguarded_fields

ALWAYS = {"spec", "name", "pod.containers"}


@pytest.mark.parametrize(
    "source",
    [
        "pod.spec.name == 'a'",
        "has(pod.spec.a) && pod.spec.a == 1",
        "pod.spec.a == 1 && has(pod.spec.a)",
        "!has(pod.a) || pod.a == 1",
        "!(has(pod.a) && pod.a == 1) || pod.a == 2 || !has(pod.a)",
        "has(pod.a) ? pod.a == 1 : true",
        "!has(pod.a) ? true : pod.a == 1",
        "'a' in pod.spec && pod.spec['a'] == 1",
        "pod.?a.b.c.orValue(1) == 1",
        "pod.?a.hasValue() && pod.a == 1",
        "pod.?a.optMap(x, x == 1).orValue(true)",
        "pod.containers.all(c, has(c.image) && c.image == 'x')",
        "pod.containers.filter(c, has(c.image)).all(c, c.image == 'x')",
        "pod.containers.map(c, has(c.image), c.image)",
        "pod.?list.orValue([]).exists(t, t.?key.orValue('') == 'a')",
        "[{'a': 1}][0].a == 1",
    ],
)
def test_guarded_reads_are_silent(source: str) -> None:
    assert unguarded_fields(source, always=ALWAYS) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("pod.a == 1", [("pod.a", 1, 4)]),
        ("has(pod.a.b)", [("pod.a", 1, 8)]),
        ("has(pod.a) || pod.a == 1", [("pod.a", 1, 18)]),
        ("true &&\n pod.spec.x['y'] == 1", [("pod.spec.x", 2, 10), ("pod.spec.x.y", 2, 12)]),
        ("pod.containers.all(c, c.image == 'x' && c.image != 'y')", [("pod.containers[].image", 1, 24)]),
        ("pod.containers.exists(c, has(c.a)) && pod.containers.all(c, c.a)", [("pod.containers[].a", 1, 62)]),
        ("pod.containers.all(c, has(c.a) && pod.containers.all(d, d.a))", [("pod.containers[].a", 1, 58)]),
        ("has(pod.a) ? true : pod.a", [("pod.a", 1, 24)]),
    ],
)
def test_unguarded_reads_are_listed_with_their_place(source: str, found: list[tuple[str, int, int]]) -> None:
    assert [tuple(field) for field in unguarded_fields(source, always=ALWAYS)] == found
