"""The platform's own account inside a cluster: Terraform applied to moto there, and then IAM enforced.

Queue, buckets, notification, roles and their policies are those of ``platform/terraform``, unchanged.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.live.controlplane.aws import Moto
from tests.live.controlplane.cluster import Cluster
from tests.platform.moto_process import ACCOUNT, REGION, ROOT, STATE_BUCKET, prepare_account
from tests.platform.terraform import Terraform, cli_config, copy_to

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Account(Moto):
    """moto with its gaps closed, as an add-on of a cluster. ``keys`` are the test's own; no program has them."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        environment = {
            "MOTO_ACCOUNT_ID": ACCOUNT,
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            "PYTHONPATH": path,
        }
        super().__init__("tests.platform.moto_server", environment)
        self.keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

    def client(self, service: str) -> Any:
        """A boto3 client of the test's own user."""
        import boto3  # type: ignore[import-untyped]

        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **self.keys)

    def web_identity(self, cluster: Cluster, account: str, namespace: str, role: str) -> dict[str, str]:
        """As Moto's, with roles of this account."""
        found = super().web_identity(cluster, account, namespace, role)
        return {**found, "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/{role}"}

    def apply(self, environment: str, folder: Path, variables: Mapping[str, str]) -> dict[str, Any]:
        """Apply one environment of platform/terraform; its outputs."""
        prepare_account(self)
        surroundings = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "2",
            "TF_CLI_CONFIG_FILE": str(cli_config(folder)),
            **{f"TF_VAR_{name}": value for name, value in variables.items()},
        }
        terraform = Terraform(copy_to(folder) / "envs" / environment, surroundings)
        terraform.run("init", f"-backend-config=bucket={STATE_BUCKET}", "-lockfile=readonly")
        terraform.run("apply", "-auto-approve")
        outputs = terraform.json("output", "-json")
        return {name: each["value"] for name, each in outputs.items()}

    def enforce(self) -> None:
        """From here on every request is judged by the policies of who makes it; the test becomes an administrator."""
        iam = self.client("iam")
        iam.create_user(UserName="test")
        iam.attach_user_policy(UserName="test", PolicyArn=ADMINISTRATOR)
        key = iam.create_access_key(UserName="test")["AccessKey"]
        self.keys = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }
        self._judge_after(0)

    def leave(self) -> None:
        """The test's user goes, with its key and its rights: an audit of the account would find both, and rightly."""
        self._judge_after(1_000_000)
        iam = self.client("iam")
        iam.delete_access_key(UserName="test", AccessKeyId=self.keys["aws_access_key_id"])
        iam.detach_user_policy(UserName="test", PolicyArn=ADMINISTRATOR)
        iam.delete_user(UserName="test")
        self._judge_after(0)

    def _judge_after(self, requests: int) -> None:
        url, plain = f"{self.url}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        request = urllib.request.Request(url, data=str(requests).encode(), headers=plain, method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            assert json.loads(answer.read())["status"] == "ok"

    def trust_of(self, role: str) -> dict[str, str]:
        """The claims that a role wants of a token: {"sub": …, "aud": …}."""
        document = self.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        [statement] = document["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        conditions = statement["Condition"]["StringEquals"]
        return {name.rpartition(":")[2]: value for name, value in conditions.items()}
