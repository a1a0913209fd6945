"""The live audit of what Terraform has just applied: nothing differs, everything can be read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.platform.moto_process import REGION, MotoServer
from tests.unit.command import run

DRIFT = ("DRF-020", "DRF-021")


def live_audit(server: MotoServer, sources: Path, *arguments: str) -> dict[str, Any]:
    """The JSON report of ``auditor check --aws --git SOURCES``."""
    surroundings = {**server.environment, "AWS_DEFAULT_REGION": REGION}
    with patch.dict(os.environ, surroundings):
        done = run("check", "--aws", "--git", sources, "--no-config", "--format", "json", *arguments)
    report: dict[str, Any] = json.loads(done.out)
    return report


def failed(report: dict[str, Any], *codes: str) -> list[str]:
    """``CODE resource: message`` of every failure of the policies (all: none given)."""
    return [
        f"{each['policy']} {each['resource']}: {each['message']}"
        for each in report["findings"]
        if each["status"] == "fail" and (not codes or each["policy"] in codes)
    ]
