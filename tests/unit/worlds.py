"""Small worlds for tests: resources from YAML text, judged in memory."""

from __future__ import annotations

import msgspec

from auditor.engine import Engine
from auditor.model import Resource, Target, Verdict
from auditor.policy import Policy
from auditor.sources.manifests import read_manifests
from auditor.world import World


def resources(text: str, path: str = "test.yaml") -> list[Resource]:
    """Every object in a YAML text."""
    data = text.encode()
    found = read_manifests(path, data, lambda _: data, None)
    assert not found.problems, found.problems
    return found.resources


def world(text: str, **declarations: object) -> World:
    """A target called ``test`` with the objects of a YAML text."""
    return World(Target("test", "loose", ".", resources(text)), declarations=declarations)


def policy(**fields: object) -> Policy:
    """A policy with the given fields over harmless defaults."""
    defaults: dict[str, object] = {
        "code": "TST-001",
        "id": "test",
        "title": "test",
        "severity": "high",
        "category": "test",
        "rationale": "because",
        "match": {"view": "PodSpec"},
        "assert": "true",
        "message": "'found'",
    }
    return msgspec.convert(defaults | fields, Policy)


def judge(text: str, *policies: Policy) -> list[Verdict]:
    """Verdicts of the policies on the objects of a YAML text."""
    return Engine(policies).judge(world(text))
