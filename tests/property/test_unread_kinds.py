"""A policy's examples, run live with one kind that could not be read: no verdict is decided that was not before."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest

from auditor import harness
from auditor.config import CONFIG_FILE
from auditor.data.cluster_kinds import BY_KEY
from auditor.engine import Engine
from auditor.governance import Request, govern
from auditor.model import Resource, Status, Target, Verdict
from auditor.options import Settings
from auditor.policy import Policy
from auditor.reach import Kind, Reach, Unread
from auditor.sources.cluster.given import is_given
from auditor.sources.cluster.projection import Kept, projected
from auditor.unknown import Unknown
from auditor.world import Surroundings, World
from tests.live.test_examples import cases, objects

REFUSED = Unknown("refused", "grant it")
BESIDE: frozenset[Kind] = frozenset(
    {("", kind) for kind in ("ConfigMap", "Namespace", "Node", "Pod", "Secret", "Service", "ServiceAccount")}
    | {("apps", "Deployment"), ("keda.sh", "ScaledObject"), ("policy", "PodDisruptionBudget")}
)
"""Kinds that are lost even where the example has none: their absence must not count either."""
Case = tuple[Policy, str, harness.Path]
Verdicts = dict[tuple[str, str], Verdict]


def running(case: Case) -> list[Resource]:
    """The objects of an example as a cluster would show them."""
    found = []
    for body in objects(case[2]):
        kind = BY_KEY.get((body["apiVersion"].rpartition("/")[0], body["kind"]))
        if kind is None or "metadata" not in body:
            continue
        if kind.namespaced:
            body["metadata"].setdefault("namespace", "unnamed")
        kept = Kept(body["apiVersion"], body["kind"], "cluster:test")
        with suppress(msgspec.ValidationError):  # names that are no text: the API server takes none
            found.append(projected(msgspec.Raw(msgspec.json.encode(body)), kept))
    return found


def judge(case: Case, resources: list[Resource], lost: Kind | None = None) -> Verdicts:
    """The verdicts where everything was read but one kind."""
    policy, _, example = case
    folder = example if example.is_dir() else example.parent
    configured = example.is_dir() and (folder / CONFIG_FILE).is_file()
    settings = govern(Request(root=folder)).settings if configured else Settings()
    reach = Reach("kubernetes", read=frozenset(BY_KEY) - {lost}, others=frozenset())
    if lost is not None:
        reach.unread[lost] = Unread(BY_KEY[lost].api_version, lost[1], REFUSED)
    kept = [each for each in resources if (each.group, each.kind) != lost]
    given = {each.key for each in kept if is_given(each)}
    target = Target("cluster:test", "live", "cluster:test", kept, reach=reach, source="cluster", given=given)
    around = Surroundings(
        targets=(target,), region=settings.region, prices=settings.prices, today=harness.TODAY
    )
    world = World(target, declarations=settings.declarations, around=around)
    verdicts = Engine([policy], settings.params).judge(world)
    return {(each.resource.key, str(each.path)): each for each in verdicts}


def wrong(case: Case) -> list[str]:
    """What is decided without a kind, and was not decided so with it."""
    resources, found = running(case), []
    before = judge(case, resources)
    for lost in sorted({*BESIDE, *((each.group, each.kind) for each in resources)}):
        for key, verdict in judge(case, resources, lost).items():
            known = before.get(key)
            decided = verdict.status in (Status.PASS, Status.FAIL, Status.ERROR)
            if decided and (known is None or known.status is not verdict.status):
                found.append(f"without {lost[1]}: {key[0]} is {verdict.status}: {verdict.message}")
    return found


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{each[0].code}-{each[1]}") for each in cases()])
def test_without_a_kind_nothing_is_decided_that_was_open(case: Case) -> None:
    assert wrong(case) == []
