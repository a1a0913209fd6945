"""Checkov over a folder, once; its verdicts by rule and object."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.peers import programs
from tests.peers.verdicts import Subject, Verdicts, record

TIMEOUT = 900.0
Framework = str
KUBERNETES: Framework = "kubernetes"
TERRAFORM: Framework = "terraform"
DOCKERFILE: Framework = "dockerfile"


def framework_of(rule: str) -> Framework:
    """Which of checkov's parsers a rule belongs to."""
    if "_K8S_" in rule:
        return KUBERNETES
    return DOCKERFILE if "_DOCKER_" in rule else TERRAFORM


def run(folder: Path, rules: Collection[str], framework: Framework) -> Verdicts:
    """What checkov says of ``folder`` by ``rules``. Raises :class:`programs.ToolError`."""
    chosen = sorted(rule for rule in rules if framework_of(rule) == framework)
    if not chosen:
        return {}
    command = [programs.checkov(), "-d", ".", "--framework", framework, "--check", ",".join(chosen)]
    done = programs.output([*command, "-o", "json", "--compact", "--skip-download"], folder, TIMEOUT)
    if done.returncode not in (0, 1):
        raise programs.ToolError(f"checkov ended with {done.returncode}: {done.stderr[-400:]}")
    verdicts: Verdicts = {}
    for row, failed in _rows(json.loads(done.stdout)):
        block = _block(str(row["resource"])) if framework == TERRAFORM else ""
        record(verdicts, row["check_id"], Subject(row["file_path"].lstrip("/"), block), failed)
    return verdicts


def _rows(data: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    for part in data if isinstance(data, list) else [data]:
        results = part.get("results", {})
        yield from ((row, True) for row in results.get("failed_checks", ()))
        yield from ((row, False) for row in results.get("passed_checks", ()))


def _block(address: str) -> str:
    """``type.name`` of an address, without the modules it is in and indices; a call has its name alone."""
    parts = [part.split("[")[0] for part in address.split(".")]
    while len(parts) > 2 and parts[0] == "module":
        parts = parts[2:]
    return ".".join(parts) if len(parts) > 1 else f"module.{parts[0]}"
