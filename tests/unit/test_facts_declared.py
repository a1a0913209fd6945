"""What a team declares, beside an account that could not be read whole."""

from __future__ import annotations

from auditor.model import Resource, Target
from auditor.reach import Reach, Unread
from auditor.sources.live import live_origin
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import World

BUDGET = ("terraform", "aws_budgets_budget")


def test_a_declaration_holds_where_the_accounts_budgets_could_not_be_read() -> None:
    notes = {"auditor.dev/p95-seconds": "53.5"}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": notes}}
    worker = Resource("apps/v1", "Deployment", "inference", "worker", body, live_origin("c", "cluster", "x"))
    unread = Unread(*BUDGET, Unknown("budgets:ViewBudget was refused"))
    account = Target(
        "aws:1", "live", "aws:1", [], source="aws", reach=Reach("terraform", unread={BUDGET: unread})
    )
    world = World(Target("cluster:c", "live", "cluster:c", [worker], source="cluster"), [account])
    declared = world.fact("declared", Instance("", worker, body))
    assert declared["p95_seconds"] == 53.5
    assert declared["monthly_budget_usd"].reason == "monthly_budget_usd is not declared"
