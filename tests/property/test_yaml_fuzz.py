"""Hostile input: whatever the bytes, the loader and the source map answer and never raise."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.yamlio import SourceMap, YamlDocument, load_stream

SAMPLES = (
    b"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker  # the name
  labels: {app: worker, "tier": 'gpu'}
spec:
  replicas: 2
  template:
    spec:
      tolerations:
      - key: nvidia.com/gpu
        operator: Exists
      containers:
        - name: worker
          args: ["--a", '--b', |-c]
          env: &env
            - {name: A, value: "0644"}
          resources:
            limits:
              nvidia.com/gpu: 1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  text: |
    # no comment
    --- no marker
  folded: >-
    a

    b
  again: &x {a: 1}
  merged:
    <<: *x
    b: *x
""",
    b'{"apiVersion": "v1", "kind": "List",\n\t"items": [{"kind": "Pod", "a": [1, 2.5e3, null, true]}]}\n',
    b"%YAML 1.1\n%TAG ! tag:x,2000:\n---\na: !b c\n...\n# end\n---\n- - 1\n  - ? k\n    : v\n",
    b'apiVersion: v1\r\nkind: Secret\r\nstringData:\r\n  k: "x\\ty"\r\n  \xc3\xa9: \xf0\x9f\x98\x80\r\n',
)
SPLICES = (
    b"\t", b"\r", b"\n", b"\n---\n", b"\n...\n", b"--- ", b"{{ .Values.x }}", b"{%", b"\0", b"\x01",
    b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"&a ", b"*a", b"<<: *a", b"<<: ",
    b"!!binary ", b"!!int ", b"? ", b": ", b"- ", b"'", b'"', b"[", b"]", b"{", b"}", b"|", b">", b"#",
    b"%", b"@", b"`", b"\\", b".inf", b"[" * 300, b"{a: " * 300, b"- " * 300,
    b"kind: CustomResourceDefinition\n", b"\xff\xfe", b"1e999", b"~", b"''",
)  # fmt: skip


def mutate(seed: int) -> bytes:
    """A sample with a few random edits."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(SAMPLES))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        act = chance.randrange(5)
        if act == 0:
            data[at:at] = chance.choice(SPLICES)
        elif act == 1:
            del data[at : at + chance.randint(1, 20)]
        elif act == 2:
            source = chance.choice(SAMPLES)
            begin = chance.randrange(len(source))
            data[at:at] = source[begin : begin + chance.randint(1, 60)]
        elif act == 3:
            data[at : at + 1] = bytes([chance.randrange(256)])
        else:
            data[at:at] = data[at : at + 40]
    return bytes(data)


def paths(body: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path of a body, itself first."""
    found = [path]
    if len(path) < 12:
        children = (
            body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
        )
        for key, value in list(children)[:20]:
            found.extend(paths(value, (*path, key)))
    return found


def check(data: bytes, path: str) -> None:
    documents = load_stream(data, path)
    lines = data.count(b"\n") + 1
    for position, document in enumerate(documents):
        assert document.index == position
        assert 0 <= document.start <= document.end
        if document.problem:
            assert document.body is None
            assert document.problem.what and document.problem.repair and document.problem.file == path
            assert 0 <= document.problem.line <= lines
        check_map(data, document)
    for before, after in pairwise(documents):
        assert before.end <= after.start


def check_map(data: bytes, document: YamlDocument) -> None:
    smap = SourceMap(data, document)
    for line in range(document.line - 1, document.line + 40):
        assert isinstance(smap.comments_on(line), str)
    if document.problem:
        smap.nearest(("spec", "containers", 0))
        return
    for path in paths(document.body):
        assert smap.value(path) is not None, path
        span, reached = smap.nearest(path)
        assert reached == path, "every path of the body has a place"
        assert span.start <= span.end


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**64))
def test_mutated_manifests_never_raise(seed: int) -> None:
    check(mutate(seed), "x.yaml")
    check(mutate(seed + 1), "x.json")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_random_bytes_never_raise(data: bytes) -> None:
    check(data, "x.yaml")
    check(data, "x.json")


@pytest.mark.slow
def test_thousands_of_mutated_manifests_never_raise() -> None:
    for seed in range(10_000):
        check(mutate(seed), "x.json" if seed % 5 == 0 else "x.yaml")
