"""The programs that measure, draw and seed work without the public repositories: here on a tree of three files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.realworld import drawing, recall, runs
from tests.realworld.__main__ import main
from tests.realworld.auditing import Measured, check
from tests.realworld.faults import Kind
from tests.realworld.seeding import Documents, block_of

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: prod}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: {name}
          image: registry.example/{name}:1.2.3
          resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{memory: {limit}}}}}
"""
QUEUE = 'resource "aws_sqs_queue" "jobs" {\n  name = "jobs"\n}\n'
BREAKS_NOTHING = Kind("nothing", ("RES-004",), lambda body: True)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("real") / "shop"
    (root / "infra").mkdir(parents=True)
    for name in ("api", "web"):
        (root / f"{name}.yaml").write_text(DEPLOYMENT.format(name=name, limit="64Mi"), "utf-8")
    (root / "infra" / "main.tf").write_text(QUEUE, "utf-8")
    return root


@pytest.fixture(scope="module")
def measured(tree: Path) -> Measured:
    return check(tree)


def test_a_run_is_measured_and_shown_as_a_row(measured: Measured) -> None:
    assert measured.code == 0
    assert measured.cpu > 0 and measured.peak > 1024
    header, _, row = runs.table([measured]).splitlines()
    cells = dict(zip(header.split(" | "), row.split(" | "), strict=True))
    assert (cells["| repository"], cells["files"], cells["exit |"]) == ("| shop", "3", "0 |")
    failing = [finding for finding in measured.report.findings if finding.status == "fail"]
    assert int(cells["fail"]) == len(failing) > 0


def test_a_draw_repeats_itself_and_its_seed_changes_it(measured: Measured) -> None:
    first, again, other = (drawing.draw([measured], seed, 6, 2) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(first) == 6


def test_a_draw_takes_the_deep_ones_first_and_at_most_so_many_of_a_policy(measured: Measured) -> None:
    drawn = drawing.draw([measured], 1, 1000, 1, most=1)
    codes = [item.finding.policy for item in drawn]
    assert len(codes) == len(set(codes)) > 1
    assert drawn[0].deep


def test_a_drawn_finding_is_shown_with_its_line(measured: Measured) -> None:
    drawn = drawing.draw([measured], 1, 1000, 0)
    item = next(item for item in drawn if item.finding.location.file == "api.yaml")
    line = item.finding.location.line
    assert f"at api.yaml:{line} (exact)" in drawing.show(1, item)
    assert f"    > {line:5} " in drawing.show(1, item)
    assert drawing.row(7, item) == f"| 7 | shop | {item.finding.policy} | api.yaml:{line} | | |"


def test_every_seeded_fault_of_the_tree_is_found(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.read_bytes() for file in tree.rglob("*.yaml")}
    assert main(["recall", str(tree), "--per-kind", "1", "--only", "memory"]) == 0
    summary = capsys.readouterr().out.splitlines()[-1]
    assert summary == "3 of 3 found (100.0 %), 3 kinds"
    assert {file: file.read_bytes() for file in before} == before


def test_a_fault_that_nothing_notices_breaks_the_promise(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recall, "KINDS", (BREAKS_NOTHING,))
    assert main(["recall", str(tree), "--per-kind", "1", "--only", "nothing"]) == 1
    printed = capsys.readouterr().out
    assert "MISSED shop nothing: ('RES-004'," in printed
    assert ": RES-004 pass" in printed
    assert "0 of 1 found (0.0 %), 1 kinds" in printed


def test_a_document_that_may_be_several_is_not_edited(tmp_path: Path, measured: Measured) -> None:
    file = tmp_path / "all.yaml"
    one = DEPLOYMENT.format(name="api", limit="64Mi")
    resource = next(v.resource for v in recall._verdicts(measured.root) if v.resource.name == "api")
    file.write_text(one, "utf-8")
    assert Documents(file).of(resource) is not None
    file.write_text(f"{one}---{one}", "utf-8")
    assert Documents(file).of(resource) is None


def test_a_block_ends_where_its_braces_do() -> None:
    text = 'a = 1\nblock "x" {\n  inner {\n  }\n}\nother {}\n'
    start, end = block_of(text, 2) or (0, 0)
    assert text[start:end] == 'block "x" {\n  inner {\n  }\n}'
    assert block_of("block {\n", 1) is None
