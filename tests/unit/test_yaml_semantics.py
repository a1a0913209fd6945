"""The loader gives what sigs.k8s.io/yaml gives; ``probes.json`` holds Go's answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.yamlio import load_stream

PROBES = json.loads((Path(__file__).parents[1] / "gotools" / "probes.json").read_text())


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("probe", PROBES, ids=[probe["yaml"][:40] for probe in PROBES])
def test_a_probe_reads_as_in_go(probe: dict[str, str]) -> None:
    documents = load_stream(probe["yaml"].encode(), "probe.yaml")
    problem = documents[0].problem if documents else None
    if "error" in probe:
        assert problem, f"Go refuses it: {probe['error']}"
        assert problem.line >= 1
    else:
        assert problem is None
        body = documents[0].body if documents else None
        assert canonical(body) == canonical(json.loads(probe["json"]))


def test_an_escaped_slash_is_the_one_thing_read_that_go_refuses() -> None:
    assert load_stream(b'a: "\\/"', "x.yaml")[0].body == {"a": "/"}


def test_equal_numbers_keep_the_type_that_json_gives() -> None:
    body = load_stream(b"a: 1e3\nb: 1.5\nc: 1e21\nd: yes\ne: '1'\n", "x.yaml")[0].body
    assert canonical(body) == canonical({"a": 1000, "b": 1.5, "c": 1e21, "d": True, "e": "1"})
