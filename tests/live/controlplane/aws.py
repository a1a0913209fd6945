"""moto's server: the AWS APIs that a cluster's programs talk to."""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.timeline import wait_for

REGION = "us-east-1"
ACCOUNT = "123456789012"
AUDIENCE = "sts.amazonaws.com"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""moto takes any; no AWS account knows these."""


class Moto:
    """moto as an add-on of a cluster, reached by the same URL from its programs and from the test.

    ``module`` is the Python module that serves (``-H HOST -p PORT``), with ``environment`` besides our own.
    """

    modules: Sequence[str] = ()

    def __init__(self, module: str = "moto.server", environment: Mapping[str, str] | None = None) -> None:
        self.module = module
        self.environment = environment or {}
        self.url = ""

    def start(self, cluster: Cluster) -> None:
        """Start it and wait until it answers; ``url`` is known from here on."""
        port = cluster.free_port()
        self.url = f"http://127.0.0.1:{port}"
        argv = [sys.executable, "-m", self.module, "-H", "127.0.0.1", "-p", str(port)]
        environment = {**os.environ, **KEYS, **self.environment}
        cluster.processes.start("moto", argv, env=environment)
        wait_for("moto answers", lambda: self._answers(cluster))

    def _answers(self, cluster: Cluster) -> bool:
        cluster.processes.expect_running("moto")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{self.url}/moto-api/", timeout=2) as answer:
            return bool(answer.status == 200)

    def client(self, service: str) -> Any:
        """A boto3 client of one of its services, with the test's own keys."""
        import boto3  # type: ignore[import-untyped]

        keys = {name.lower(): value for name, value in KEYS.items()}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **keys)

    def web_identity(self, cluster: Cluster, account: str, namespace: str, role: str) -> dict[str, str]:
        """What EKS sets in a pod whose service account has a role (IRSA): its environment, and the token's file.

        ``role`` is a name. No key is in it: the AWS SDK exchanges the control plane's token at moto's STS.
        """
        token = cluster.folder / f"{namespace}-{account}.token"
        token.touch(mode=0o600)
        token.write_text(cluster.api.token(account, namespace, audiences=[AUDIENCE], seconds=24 * 3600))
        return {
            "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/{role}",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_ENDPOINT_URL": self.url,
            # AWS's SDK for Go reads the general one only after it has made the client that asks for the role.
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
