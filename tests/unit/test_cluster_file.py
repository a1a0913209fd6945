"""Terraform's outputs as a file in Git and as Argo CD's cluster secret."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import yaml

from tools import cluster_file

VALUE: dict[str, Any] = {
    "name": "swin-tiny-eks-cluster",
    "labels": {"node-autoscaler": "karpenter", "environment": "prod"},
    "annotations": {"queue_url": "https://sqs/scans", "aws_region": "us-east-1"},
}


def test_the_file_is_sorted_and_says_who_wrote_it() -> None:
    text = cluster_file.cluster_file(VALUE)
    assert text.startswith("# Written by")
    body = yaml.safe_load(text)
    assert list(body["metadata"]["labels"]) == ["environment", "node-autoscaler"]
    assert list(body["data"]) == ["name", "server", "aws_region", "queue_url"]


def test_the_file_is_read_by_kustomize_and_never_applied() -> None:
    body = yaml.safe_load(cluster_file.cluster_file(VALUE))
    assert body["metadata"]["annotations"] == {"config.kubernetes.io/local-config": "true"}


def test_the_secret_has_argo_cds_label_and_no_credential() -> None:
    secret = yaml.safe_load(cluster_file.cluster_secret(VALUE))
    assert secret["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "cluster"
    assert secret["metadata"]["annotations"] == VALUE["annotations"]
    assert json.loads(secret["stringData"]["config"]) == {"tlsClientConfig": {"insecure": False}}


@pytest.mark.parametrize("outputs", [{}, [], {"gitops_bridge": {"value": "x"}}])
def test_outputs_without_the_bridge_are_refused_in_words(outputs: Any) -> None:
    with pytest.raises(SystemExit, match="terraform output -json"):
        cluster_file.bridge(outputs)


def test_the_command_reads_outputs_and_writes_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"gitops_bridge": {"value": VALUE}})))
    monkeypatch.setattr("sys.argv", ["cluster_file"])
    assert cluster_file.main() == 0
    assert capsys.readouterr().out == cluster_file.cluster_file(VALUE)
