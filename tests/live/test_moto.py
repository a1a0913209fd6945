"""moto beside a cluster: roles by the control plane's own tokens, as IRSA gives them on EKS."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.live.controlplane.aws import ACCOUNT, Moto
from tests.live.controlplane.cluster import Cluster

pytestmark = pytest.mark.slow
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


def test_a_service_accounts_token_gives_its_role_and_no_key_is_needed() -> None:
    moto = Moto()
    with Cluster(add_ons=[moto]) as cluster:
        identity = moto.web_identity(cluster, "default", "default", "worker")
        plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        command = [sys.executable, "-c", WHO]
        said = subprocess.run(command, env={**plain, **identity}, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/")
