"""Metrics in Debian's own Pushgateway: whole, apart by scope, and with the last success where a run was incomplete."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.live.prometheus_server import pushgateway
from tests.unit.command import run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    with pushgateway() as url:
        yield url


def held(url: str, name: str) -> dict[str, float]:
    """Scope → value of one metric, as Prometheus would scrape it."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return {
        each.labels["scope"]: each.value
        for family in families
        for each in family.samples
        if each.name == name
    }


def pod(folder: Path, text: str = "spec: {containers: []}\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pod.yaml").write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{text}")
    return folder


def test_each_scope_has_its_own_values(gateway: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run("check", pod(tmp_path / name), "--push", gateway, "--fail-on", "never").err == ""
    assert set(held(gateway, "auditor_score")) >= {str(tmp_path / "one"), str(tmp_path / "two")}


def test_an_incomplete_run_leaves_the_last_success(gateway: str, tmp_path: Path) -> None:
    scope = str(tmp_path / "tree")
    run("check", pod(Path(scope)), "--push", gateway, "--fail-on", "never")
    before = held(gateway, "auditor_last_success_timestamp_seconds")[scope]
    outcome = run("check", pod(Path(scope), "spec: [\n"), "--push", gateway, "--fail-on", "never")
    assert outcome.code == 3
    assert held(gateway, "auditor_complete")[scope] == 0
    assert held(gateway, "auditor_last_success_timestamp_seconds")[scope] == before
