"""A real API server takes everything under ``platform/``, and refuses what it should."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.controlplane.cluster import Cluster
from tests.platform.overlays import PLATFORM, Object, one, overlays, read, rendered
from tests.platform.server_side import apply_strictly, kinds_of, load_definitions

pytestmark = pytest.mark.slow
ROOTS = ("clusters/dev/root.yaml", "clusters/prod/root.yaml")


def everything() -> list[Object]:
    return [each for overlay in overlays() for each in rendered(overlay)] + [
        each for path in ROOTS for each in read(PLATFORM / path)
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with Cluster() as cluster:
        cluster.api.apply(load_definitions(kinds_of(everything())))
        for overlay in ("bootstrap/argocd", "infrastructure/namespaces"):
            assert apply_strictly(cluster.api, rendered(overlay)) == {}
        yield cluster


@pytest.mark.parametrize("overlay", [*overlays(), *ROOTS])
def test_the_server_refuses_no_manifest(server: Cluster, overlay: str) -> None:
    objects = read(PLATFORM / overlay) if overlay in ROOTS else rendered(overlay)
    assert apply_strictly(server.api, objects) == {}


def test_the_server_refuses_a_field_that_it_does_not_know(server: Cluster) -> None:
    scaler, worker = (one("apps/prod", kind, "ml-worker") for kind in ("ScaledObject", "Deployment"))
    wrong = [
        {**scaler, "spec": {**scaler["spec"], "minReplicas": 0}},
        {**worker, "spec": {**worker["spec"], "replica": 0}},
    ]
    refused = apply_strictly(server.api, wrong, dry_run=True)
    assert {name for name, said in refused.items() if "field" in said} == {
        "ScaledObject ml-worker",
        "Deployment ml-worker",
    }
