"""A moto server with its gaps closed, as a process of its own, and what an account needs before Terraform comes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ACCOUNT = "111122223333"
REGION = "us-east-1"
STATE_BUCKET = f"terraform-state-{ACCOUNT}"
PERMISSION_SETS = ("PlatformAdmin", "PlatformReadOnly", "MlEngineer")
ROOT = Path(__file__).parents[2]


class MotoServer:
    """Context manager: ``environment`` points an AWS client at it."""

    def __init__(self, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """For Terraform and boto3. A request that fails is not tried for minutes."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "2",
        }

    def client(self, service: str) -> Any:
        """A boto3 client."""
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, **keys)

    def __enter__(self) -> MotoServer:
        environment = {
            **os.environ,
            "MOTO_ACCOUNT_ID": ACCOUNT,
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        }
        command = [sys.executable, "-m", "tests.platform.moto_server", "--port", str(self._port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait(60)
        return self

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                with urlopen(f"{self.url}/moto-api/data.json", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        self.__exit__(None, None, None)
        raise AssertionError(f"moto's server did not answer:\n{self._log.read_text()[-3000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None


def prepare_account(server: MotoServer) -> None:
    """What is there before the platform: roles of Identity Center, and where Terraform's state lies."""
    iam, kms = server.client("iam"), server.client("kms")
    nobody = json.dumps({"Version": "2012-10-17", "Statement": []})
    for index, name in enumerate(PERMISSION_SETS):
        iam.create_role(
            RoleName=f"AWSReservedSSO_{name}_{index:016x}",
            Path="/aws-reserved/sso.amazonaws.com/",
            AssumeRolePolicyDocument=nobody,
        )
    server.client("s3").create_bucket(Bucket=STATE_BUCKET)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/terraform-state", TargetKeyId=key)
