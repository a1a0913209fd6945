"""Our own verdicts on the same files, policy by policy."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from auditor import audit
from auditor.engine import Engine
from auditor.model import Resource, Status
from auditor.options import Settings
from auditor.policy import Policy
from auditor.sources.tree import Tree
from tests.peers.verdicts import Subject, Verdicts, record

DAY = date(2026, 4, 24)


class Judged(NamedTuple):
    """Verdicts by policy code, the objects by subject, and why some could not be judged."""

    verdicts: Verdicts
    bodies: dict[Subject, dict[str, Any]]
    open: dict[tuple[str, Subject], str]
    """Reasons of what is an error or not assessed, by policy code and subject."""


def run(folder: Path, policies: Collection[Policy]) -> Judged:
    """What our policies say of every object below ``folder``."""
    settings = Settings(render=False, full_parse=True)
    inventory = audit.collect(Tree(folder), settings)
    resources = [resource for target in inventory.targets for resource in target.resources]
    judged = Judged({}, {subject_of(each): each.body for each in reversed(resources)}, {})
    for verdict in audit.judge(inventory, settings, Engine(policies), DAY):
        subject = subject_of(verdict.resource)
        if verdict.status in (Status.PASS, Status.FAIL):
            record(judged.verdicts, verdict.policy, subject, verdict.status is Status.FAIL)
        elif verdict.status in (Status.ERROR, Status.NOT_ASSESSED):
            judged.open.setdefault((verdict.policy, subject), verdict.message or verdict.reason)
    return judged


def subject_of(resource: Resource) -> Subject:
    """The file of a Kubernetes object; file and block of Terraform's."""
    if resource.api_version != "terraform":
        return Subject(resource.origin.file)
    name = resource.name.rpartition(f"{resource.kind}.")[2].split("[")[0]
    return Subject(resource.origin.file, f"{resource.kind.removeprefix('data.')}.{name}")
