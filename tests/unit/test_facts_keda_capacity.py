"""What a Karpenter pool holds: its limit of accelerators, for it has no number of nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.command import run

POOL = """
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: gpu}
spec:
  LIMITS
  template:
    metadata: {labels: {workload: gpu}}
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: gpu}
      taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]
      requirements: [{key: node.kubernetes.io/instance-type, operator: In, values: [g5.xlarge]}]
"""


def verdict(folder: Path, limits: str) -> Any:
    """KED-015 of the policy's own good example (4 replicas), on a pool instead of its node group."""
    good = Path("policies/keda/scaler-maximum-above-gpu-capacity/good/app.yaml").read_text()
    (folder / "app.yaml").write_text(good + "---" + POOL.replace("LIMITS", limits))
    report = folder / "report.json"
    run("check", folder, "--policy", "KED-015", "--format", "json", "--output", report, "--fail-on", "never")
    found = json.loads(report.read_text()).get("findings", [])
    return [(each["status"], each.get("message") or each.get("reason")) for each in found]


def test_a_limit_that_holds_the_replicas_is_enough(tmp_path: Path) -> None:
    assert verdict(tmp_path, 'limits: {nvidia.com/gpu: "4"}') == []


def test_a_smaller_limit_is_a_finding_with_both_numbers(tmp_path: Path) -> None:
    ((status, said),) = verdict(tmp_path, 'limits: {nvidia.com/gpu: "3"}')
    assert status == "fail" and "4 replicas" in said and "hold 3 at most" in said


@pytest.mark.parametrize("limits", ["limits: {cpu: '64'}", "limits: {nvidia.com/gpu: many}", "weight: 1"])
def test_without_a_usable_limit_it_is_not_assessed(tmp_path: Path, limits: str) -> None:
    ((status, said),) = verdict(tmp_path, limits)
    assert (status, said) == ("not-assessed", "gpu has no maximum of nodes")
