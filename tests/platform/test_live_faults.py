"""``auditor check`` of platform/ as it runs: nothing while it stands as Git wants it, then ten faults and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.platform.planted import FAULTS, KEY, Finding
from tests.platform.standing import Standing, standing
from tests.unit.command import Outcome, run

pytestmark = pytest.mark.slow

CLUSTER = "prod"
"""What ``platform/auditor.toml`` calls it."""
KEDA, NO_PROMETHEUS = (
    "KEDA's own role, as its project ships it",
    "charts cannot be had here: neither Prometheus nor Alertmanager runs",
)
EXPLAINED = {
    ("RBAC-001", "rbac.authorization.k8s.io/ClusterRole//keda-external-metrics-reader"): KEDA,
    ("RBAC-002", "rbac.authorization.k8s.io/ClusterRole//keda-operator"): KEDA,
    ("RBAC-003", "rbac.authorization.k8s.io/ClusterRole//keda-operator"): KEDA,
    ("RBAC-004", "rbac.authorization.k8s.io/ClusterRole//keda-operator"): KEDA,
    ("RBAC-010", "rbac.authorization.k8s.io/ClusterRole//keda-operator"): KEDA,
    ("RBAC-024", "rbac.authorization.k8s.io/Role/keda/keda-operator"): KEDA,
    ("NET-024", "networking.k8s.io/NetworkPolicy/monitoring/alertmanager"): NO_PROMETHEUS,
    ("NET-024", "networking.k8s.io/NetworkPolicy/monitoring/queries"): NO_PROMETHEUS,
    ("NET-024", "networking.k8s.io/NetworkPolicy/monitoring/scrape"): NO_PROMETHEUS,
    ("NET-024", "networking.k8s.io/NetworkPolicy/opencost/prometheus"): NO_PROMETHEUS,
}
"""Everything that the policies of pack ``strict`` find on the cluster as it stands, and why it is there."""


class Audits(NamedTuple):
    """The audit before and after the faults, the latter with its snapshot; when they were planted."""

    clean: Outcome
    faulty: Outcome
    snapshot: Path
    git: Path
    began: datetime
    ended: datetime


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audits]:
    folder = tmp_path_factory.mktemp("platform")
    with standing(folder) as platform:
        clean = check(platform)
        began = datetime.now(UTC)
        for fault in FAULTS.values():
            fault.plant(platform.cluster)
        ended = datetime.now(UTC)
        faulty = check(platform, "--save-snapshot", folder / "snapshot.json")
        yield Audits(clean, faulty, folder / "snapshot.json", platform.git, began, ended)


def check(platform: Standing, *arguments: str | Path) -> Outcome:
    """The audit of the cluster and of its repository, which chooses the policies (pack strict)."""
    where = ("--cluster", "--kubeconfig", platform.cluster.kubeconfig, "--cluster-name", CLUSTER)
    return run("check", *where, "--git", platform.git, "--format", "json", *arguments)


def failures(outcome: Outcome) -> dict[Finding, list[str]]:
    """(policy, resource) → its messages."""
    found: dict[Finding, list[str]] = {}
    for each in json.loads(outcome.out)["findings"]:
        if each["status"] in ("fail", "error"):
            found.setdefault((each["policy"], each["resource"]), []).append(each["message"])
    return found


def test_a_platform_as_git_wants_it_shows_no_drift_and_nothing_unexplained(audits: Audits) -> None:
    found = failures(audits.clean)
    assert set(found) == set(EXPLAINED), found
    report = json.loads(audits.clean.out)
    assert not [row for row in report["problems"] if row.get("incomplete", True)]


def test_exactly_the_ten_planted_faults_are_found(audits: Audits) -> None:
    assert len(FAULTS) == 10
    planted = {key for fault in FAULTS.values() for key in fault.findings}
    before, after = failures(audits.clean), failures(audits.faulty)
    assert set(after) - set(before) == planted
    assert set(before) <= set(after)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_described_and_drift_names_who_and_when(audits: Audits, name: str) -> None:
    fault, found = FAULTS[name], failures(audits.faulty)
    for key, words in fault.findings.items():
        about = [message for message in found[key] if words in message]
        assert about, (key, found[key])
        if key[0] in ("DRF-002", "DRF-005"):
            assert any(_by(message, fault.who, audits) for message in about), (fault.who, about)


def _by(message: str, who: str, audits: Audits) -> bool:
    """Whether a message ends with a writer, and with a time at which faults were planted."""
    text, _, stamp = message.rpartition(" at ")
    when = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S%z")
    return text.endswith(who) and audits.began - timedelta(seconds=1) <= when <= audits.ended


def test_a_drift_finding_stands_at_its_line_in_git(audits: Audits) -> None:
    places = {_line(audits, each) for each in _of_policy(audits.faulty, "DRF-002")}
    assert {"terminationGracePeriodSeconds: 120", "minReplicaCount: 0"} <= places


def _of_policy(outcome: Outcome, policy: str) -> list[dict[str, Any]]:
    findings = json.loads(outcome.out)["findings"]
    return [each for each in findings if each["policy"] == policy and each["status"] == "fail"]


def _line(audits: Audits, finding: dict[str, Any]) -> str:
    inside, number = finding["location"]["file"].lstrip("./"), int(finding["location"]["line"])
    file = next(path for path in audits.git.rglob("*.yaml") if str(path).endswith(inside))
    return file.read_text().split("\n")[number - 1].strip()


def test_the_snapshot_gives_the_same_report_byte_for_byte(audits: Audits) -> None:
    again = run("check", "--snapshot", audits.snapshot, "--git", audits.git, "--format", "json")
    assert (again.code, again.out) == (audits.faulty.code, audits.faulty.out)


def test_the_planted_key_is_shown_nowhere(audits: Audits) -> None:
    assert KEY not in audits.faulty.out + audits.faulty.err + audits.snapshot.read_text()
