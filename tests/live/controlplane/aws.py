"""moto's server: the AWS APIs that a cluster's programs talk to."""

from __future__ import annotations

import os
import sys
import urllib.request
from typing import Any

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.timeline import wait_for

REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""moto takes any; no AWS account knows these."""


class Moto:
    """moto beside a cluster, reached by the same URL from its programs and from the test."""

    def __init__(self, cluster: Cluster) -> None:
        port = cluster.free_port()
        self.url = f"http://127.0.0.1:{port}"
        argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        cluster.processes.start("moto", argv, env={**os.environ, **KEYS})
        wait_for("moto answers", lambda: self._answers(cluster))

    def _answers(self, cluster: Cluster) -> bool:
        cluster.processes.expect_running("moto")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{self.url}/moto-api/", timeout=2) as answer:
            return bool(answer.status == 200)

    def client(self, service: str) -> Any:
        """A boto3 client of one of its services."""
        import boto3  # type: ignore[import-untyped]

        keys = {name.lower(): value for name, value in KEYS.items()}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **keys)
