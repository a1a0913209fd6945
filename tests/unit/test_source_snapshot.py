"""Snapshots: what was read comes back as it was, and gives the same report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from auditor.errors import UsageError
from auditor.model import Nowhere, Resource, RunningPod, Target
from auditor.reach import Reach, Unread
from auditor.sources.live import Reading
from auditor.sources.snapshot import SCHEMA_VERSION, decoded, encoded
from auditor.spans import Problem
from auditor.unknown import Unknown
from tests.unit.command import run
from tests.unit.fake_cluster import FakeCluster, serving

NOW = datetime(2026, 4, 24, 12, 0, tzinfo=UTC)
SCHEMA = Path("reports/schema/snapshot.schema.json")


def reading() -> Reading:
    """One of everything that a reading may hold."""
    hidden = {"data": {"key": Unknown("values are not read", "nothing")}}
    secret = Resource("v1", "Secret", "shop", "s", hidden, Nowhere("cluster:a/Secret/shop/s", "cluster"))
    lost = Unread("apps/v1", "Deployment", Unknown("refused", "add the rule"))
    reach = Reach(
        "kubernetes", frozenset({("", "Secret")}), {("apps", "Deployment"): lost}, {}, {}, frozenset()
    )
    pod = RunningPod(namespace="shop", name="p", owner="/Pod/shop/p", requests={"cpu": "1"})
    target = Target(
        "cluster:a", "live", "cluster:a", [secret], reach=reach, given={"x"}, pods=[pod], source="cluster"
    )
    target.taken = "2026-04-24T12:00:00Z"
    problem = Problem("cluster:a", 0, 0, "what", "mend")
    return Reading(
        source="cluster",
        label="cluster:a",
        taken="2026-04-24T12:00:00Z",
        targets=[target],
        problems=[problem],
    )


def test_a_snapshot_read_and_written_again_is_the_same() -> None:
    data = encoded([reading()], NOW)
    readings, now = decoded(data, "s.json")
    assert now == NOW
    assert encoded(readings, now) == data
    (target,) = readings[0].targets
    value = target.resources[0].body["data"]["key"]
    assert isinstance(value, Unknown) and value.reason == "values are not read"
    assert target.reach is not None and target.reach.unread["apps", "Deployment"].why.repair == "add the rule"
    assert target.pods[0].requests == {"cpu": "1"}


def test_a_snapshot_fits_the_published_schema() -> None:
    jsonschema.validate(json.loads(encoded([reading()], NOW)), json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"no", b'{"schema_version": 1}', b'{"schema_version": 99}']
)
def test_what_is_no_snapshot_is_a_mistake_of_usage(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"s\.json"):
        decoded(data, "s.json")


def test_another_version_is_named() -> None:
    data = encoded([], NOW).replace(b'"schema_version":1', b'"schema_version":7')
    with pytest.raises(UsageError, match=f"version 7, this is version {SCHEMA_VERSION}"):
        decoded(data, "s.json")


def test_the_report_of_a_snapshot_is_that_of_the_live_run(tmp_path: Path) -> None:
    cluster = FakeCluster(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
        "spec: {template: {spec: {containers: [{name: web, image: x}]}}}\n"
    )
    cluster.refuse("configmaps")
    file = tmp_path / "snapshot.json"
    with serving(cluster):
        config = cluster.kubeconfig(tmp_path)
        live = run("check", "--live", "--kubeconfig", config, "--save-snapshot", file, "--format", "json")
    again = run("check", "--snapshot", file, "--format", "json")
    assert (again.code, again.out) == (live.code, live.out)


def test_saving_needs_something_live(tmp_path: Path) -> None:
    done = run("check", str(tmp_path), "--save-snapshot", tmp_path / "s.json")
    assert done.code == 2 and "--save-snapshot" in done.err
