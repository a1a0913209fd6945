"""Policies on running objects: what their examples become in a real API server gets the same verdict as in Git.

Every example is sent through a server-side dry run, which defaults, prunes and orders it as a real one. What the
server refuses is counted, and listed with why.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml

from auditor import harness
from auditor.catalog import builtin_folder, load_builtin
from auditor.config import CONFIG_FILE
from auditor.data.cluster_kinds import BY_KEY
from auditor.engine import Engine
from auditor.governance import Request, govern
from auditor.model import Resource, Status, Target, Verdict
from auditor.options import Settings
from auditor.policy import Policy, judges
from auditor.reach import Reach
from auditor.sources.cluster.given import is_given
from auditor.sources.cluster.projection import Kept, projected
from auditor.world import Surroundings, World
from tests.live.controlplane import crds
from tests.live.controlplane.api import APPLY, ApiError
from tests.live.controlplane.cluster import Cluster

pytestmark = pytest.mark.slow
ONLY_IN_GIT = {
    "ARG-002-bad": "what an Application deploys is told by the folder in Git, and live by tracking ids",
    "ARG-032-bad": "as above",
    "RBAC-014-bad": "its role is called admin, which is one of Kubernetes' own and not judged",
    "KED-001-good": "in Git an object without a namespace may get any; in a cluster it has one",
}
"""Examples whose verdict rests on something that a cluster does not have."""
DEFINITIONS = ("keda", "argocd", "karpenter", "karpenter-aws", "prometheus-operator")


class Sent(NamedTuple):
    """What the server made of an example."""

    resources: list[Resource]
    refused: list[str]


@pytest.fixture(scope="module")
def served(cluster: Cluster) -> Cluster:
    """The cluster with the definitions that examples need."""
    for name in DEFINITIONS:
        cluster.api.apply(crds.load(name))
    return cluster


def objects(example: Path) -> Iterator[dict[str, Any]]:
    """Every Kubernetes object of an example."""
    files = sorted(example.rglob("*.yaml")) if example.is_dir() else [example]
    for file in files:
        for body in yaml.safe_load_all(file.read_text()):
            if isinstance(body, dict) and "apiVersion" in body and "kind" in body:
                yield from body["items"] if body["kind"].endswith("List") and "items" in body else [body]


def send(cluster: Cluster, example: Path) -> Sent:
    """Dry-run everything; namespaces are made, or nothing could be in them."""
    sent = Sent([], [])
    for body in objects(example):
        name = f"{body['kind']} {body.get('metadata', {}).get('name')}"
        try:
            sent.resources.append(_dry_run(cluster, body))
        except (ApiError, KeyError) as error:
            sent.refused.append(f"{name}: {str(error)[:160]}")
    return sent


def _dry_run(cluster: Cluster, body: dict[str, Any]) -> Resource:
    kind = BY_KEY[body["apiVersion"].rpartition("/")[0], body["kind"]]
    namespace = body["metadata"].get("namespace", "unnamed") if kind.namespaced else ""
    if namespace and cluster.api.find("v1", "Namespace", namespace) is None:
        cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    path = cluster.api.path(body["apiVersion"], body["kind"], body["metadata"]["name"], namespace or None)
    query = "dryRun=All&fieldManager=test&force=true"
    answer = cluster.api.request("PATCH", f"{path}?{query}", body, content_type=APPLY)
    kept = Kept(body["apiVersion"], body["kind"], "cluster:test")
    return projected(msgspec.Raw(msgspec.json.encode(answer)), kept)


def judge(policy: Policy, example: Path, resources: list[Resource]) -> list[Verdict]:
    """The verdicts on the objects as a cluster holds them."""
    folder = example if example.is_dir() else example.parent
    has_config = example.is_dir() and (folder / CONFIG_FILE).is_file()
    settings = govern(Request(root=folder)).settings if has_config else Settings()
    reach = Reach("kubernetes", read=frozenset(BY_KEY), others=frozenset())
    given = {each.key for each in resources if is_given(each)}
    target = Target(
        "cluster:test", "live", "cluster:test", resources, reach=reach, source="cluster", given=given
    )
    around = Surroundings(
        targets=(target,), region=settings.region, prices=settings.prices, today=harness.TODAY
    )
    world = World(target, declarations=settings.declarations, around=around)
    return Engine([policy], settings.params).judge(world)


def cases() -> Iterator[tuple[Policy, str, Path]]:
    """Examples of Kubernetes objects only, of policies that judge what runs."""
    for policy in load_builtin():
        for name in ("bad", "good"):
            example = harness.example_of(builtin_folder() / policy.category / policy.id, name)
            if judges(policy, live=True) and example is not None and _is_manifests(example):
                yield policy, name, example


def _is_manifests(example: Path) -> bool:
    if not example.is_dir():
        return example.suffix == ".yaml" and "@" not in example.read_text()
    return all(
        each.suffix == ".yaml" or each.name == CONFIG_FILE for each in example.rglob("*") if each.is_file()
    )


CASES = [
    pytest.param(*case, id=name)
    for case in cases()
    if (name := f"{case[0].code}-{case[1]}") not in ONLY_IN_GIT
]


@pytest.mark.parametrize(("policy", "name", "example"), CASES)
def test_an_example_gets_its_verdict_live(served: Cluster, policy: Policy, name: str, example: Path) -> None:
    sent = send(served, example)
    verdicts = judge(policy, example, sent.resources)
    words = [f"{each.status} {each.resource.title}: {each.message or each.reason}" for each in verdicts]
    failed = [each for each in verdicts if each.status is Status.FAIL]
    assert not [each for each in verdicts if each.status is Status.ERROR], words
    if sent.refused:
        return  # half an example proves nothing: joins lack their other end
    assert bool(failed) == (name == "bad"), words
