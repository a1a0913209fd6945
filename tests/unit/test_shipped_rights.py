"""What the platform grants its auditor is what the auditor says that it needs for the CronJob's own command line."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import Any

import yaml

from auditor.sources.aws.calls import CALLS
from tests.unit.command import run

PLATFORM = Path(__file__).parents[2] / "platform"
AUDIT = PLATFORM / "infrastructure/configs/base/audit"
BEFORE_SYNC = PLATFORM / "apps/base/worker/audit-before-sync.yaml"
GRANTED = PLATFORM / "terraform/modules/platform/auditor-reads.json"


def documents(path: Path) -> dict[str, Any]:
    """The objects of a file, by kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(path.read_text())}


def choice(pod: dict[str, Any]) -> list[str]:
    """The flags of ``auditor check`` in a pod that ``auditor rbac`` knows too."""
    line = " ".join(shlex.split(pod["spec"]["containers"][0]["args"][0]))
    parser = argparse.ArgumentParser()
    for flag in ("--pack", "--policy", "--leave-out"):
        parser.add_argument(flag, action="append", default=[])
    found, _ = parser.parse_known_args(line.split())
    return [word for flag, words in vars(found).items() for word in _flags(flag, words)]


def _flags(name: str, words: list[str]) -> list[str]:
    return [part for word in words for part in (f"--{name.replace('_', '-')}", word)]


def cron_job() -> list[str]:
    """What the CronJob chooses."""
    return choice(documents(AUDIT / "cron-job.yaml")["CronJob"]["spec"]["jobTemplate"]["spec"]["template"])


def test_the_shipped_cluster_role_is_the_printed_one() -> None:
    shipped = documents(AUDIT / "role.yaml")
    printed = run("rbac", *cron_job(), "--bind", "audit/auditor")
    assert printed.code == 0, printed.err
    for each in yaml.safe_load_all(printed.out):
        assert shipped[each["kind"]] == each


def test_the_audit_before_a_sync_needs_no_other_right() -> None:
    shipped = documents(AUDIT / "role.yaml")["ClusterRole"]
    printed = run("rbac", *choice(documents(BEFORE_SYNC)["Job"]["spec"]["template"]))
    assert printed.code == 0, printed.err
    assert rights(yaml.safe_load(printed.out)) <= rights(shipped)


def rights(role: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(group, resource, verb) of every right of a role."""
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_role_reads_no_secret() -> None:
    rules = documents(AUDIT / "role.yaml")["ClusterRole"]["rules"]
    assert "secrets" not in {name for rule in rules for name in rule["resources"]}


def granted() -> set[str]:
    """Every action of the auditor's role on AWS that reads."""
    reads = json.loads(GRANTED.read_text())
    return {*reads["anywhere"], *(action for each in reads["by_service"].values() for action in each)}


def test_terraform_grants_every_action_that_the_printed_policy_has() -> None:
    printed = json.loads(run("iam", "--no-config", *_packs()).out)
    assert {action for each in printed["Statement"] for action in each["Action"]} <= granted()


def test_terraform_grants_no_read_that_the_auditor_never_makes() -> None:
    assert granted() == {call.action for call in CALLS.values()}


def _packs() -> list[str]:
    words = cron_job()
    return words[: words.index("--leave-out")]
