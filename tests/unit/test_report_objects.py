"""Report objects from a report: which findings, how large, and what stands in a result."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.report import Finding, Location, PolicyResult, RelatedLocation
from auditor.results.objects import APIS, MAX_BYTES, OPENREPORTS, findings_of, objects, result, same
from tests.unit import report_factory as factory

LIVE = Location("cluster:prod/apps/Deployment/inference/ml-worker", precision="file")
DRIFT = factory.policy("DRF-002", "field-edited-by-hand", "high", "drift")


def failing(**more: Any) -> Finding:
    return factory.finding(**({"targets": ("cluster:prod",), "location": LIVE} | more))


def made(finding: Finding, policy: PolicyResult = factory.POLICIES[0]) -> dict[str, Any]:
    return result(finding, policy, lambda group, kind: f"{group}/v1" if group else "v1")


def chosen(*findings: Finding, alone: bool = True) -> list[str]:
    """Policies of the findings that belong to the cluster ``prod``."""
    report = factory.report(findings=findings, policies=(*factory.POLICIES, DRIFT))
    return [each.policy for each in findings_of(report, "cluster:prod", alone=alone)]


def test_only_failures_of_the_cluster_itself_are_published() -> None:
    assert chosen(failing()) == ["GPU-002"]
    assert chosen(failing(targets=("prod",))) == [], "a manifest in Git"
    assert chosen(failing(targets=("cluster:dev",))) == []
    for status in ("waived", "error", "not-assessed"):
        assert chosen(failing(status=status)) == []
    assert chosen(failing(resource="aws_eks_node_group.gpu")) == []
    assert chosen(failing(resource='module.a["b/c"].x/y/z.w')) == []


def test_drift_belongs_to_the_one_cluster_that_is_audited() -> None:
    drifted = failing(code="DRF-002", targets=("prod",), location=Location("apps/worker.yaml", 14))
    assert chosen(drifted) == ["DRF-002"]
    assert chosen(drifted, alone=False) == []


def test_a_result_says_what_where_and_how_to_repair_it() -> None:
    related = (
        RelatedLocation("node group", Location("gpu.tf", 3)),
        RelatedLocation("declared in Git", Location("a.yaml", 7)),
    )
    found = made(failing(related=related, cost=734.384, path="spec"))
    assert found["resources"] == [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ml-worker", "namespace": "inference"}
    ]
    assert found["properties"] == {
        "fingerprint": "gpu-002-6f1d",
        "path": "spec",
        "repair": "tolerate the GPU taint",
        "declared": "a.yaml:7",
        "usd-per-month": "734.38",
    }
    assert "declared" not in made(failing())["properties"]


def test_what_belongs_to_no_namespace_refers_to_none() -> None:
    found = made(failing(resource="/Node//gpu-0"))
    assert found["resources"] == [{"apiVersion": "v1", "kind": "Node", "name": "gpu-0"}]


@pytest.mark.parametrize("api", APIS)
def test_no_object_exceeds_its_size_and_no_result_is_lost(api: Any) -> None:
    results = [made(failing(message="x" * 4000, fingerprints=(f"f-{at}",))) for at in range(1000)]
    found = objects(api, "inference", results)
    assert [each["metadata"]["name"] for each in found[:2]] == ["auditor", "auditor-2"]
    assert all(len(msgspec.json.encode(each)) < MAX_BYTES + 1000 for each in found)
    assert [each for body in found for each in body["results"]] == results
    assert sum(each["summary"]["fail"] for each in found) == 1000


def test_no_failures_are_no_object() -> None:
    assert objects(OPENREPORTS, "inference", []) == []


def test_an_object_is_the_same_until_it_says_something_else() -> None:
    (body,) = objects(OPENREPORTS, "", [made(failing())])
    server = {**body, "metadata": {**body["metadata"], "uid": "1", "resourceVersion": "7"}}
    assert same(body, server)
    assert not same(body, {**server, "results": []})
    assert not same(body, {**server, "metadata": {"labels": {}}})
