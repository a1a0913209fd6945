"""Budgets: tags, and who is subscribed to which notification."""

from __future__ import annotations

import json
from typing import Any

from moto.budgets.responses import BudgetsResponse

KEYS = ("NotificationType", "ComparisonOperator", "Threshold")
_create = BudgetsResponse.create_budget


def _tags(self: BudgetsResponse) -> dict[str, list[dict[str, str]]]:
    tags: dict[str, list[dict[str, str]]] = self.backend.__dict__.setdefault("tags_by_arn", {})
    return tags


def create_budget(self: BudgetsResponse) -> str:
    """Keep the tags that the call brings."""
    account, name = self._get_param("AccountId"), self._get_param("Budget")["BudgetName"]
    _tags(self)[f"arn:aws:budgets::{account}:budget/{name}"] = self._get_param("ResourceTags") or []
    created: str = _create(self)
    return created


def list_tags_for_resource(self: BudgetsResponse) -> str:
    """Missing in moto."""
    return json.dumps({"ResourceTags": _tags(self).get(self._get_param("ResourceARN"), [])})


def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    """Missing in moto."""
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    for each in budget.notifications:
        if all(each.details.get(key) == wanted.get(key) for key in KEYS):
            return json.dumps({"Subscribers": each.subscribers})
    return json.dumps({"Subscribers": []})


def describe_notifications_for_budget(self: BudgetsResponse) -> str:
    """The first page, with no next one: moto's null is a page token to the provider."""
    account, name = self._get_param("AccountId"), self._get_param("BudgetName")
    found: Any = self.backend.describe_notifications_for_budget(account_id=account, budget_name=name)
    return json.dumps({"Notifications": list(found)})


BudgetsResponse.create_budget = create_budget
BudgetsResponse.list_tags_for_resource = list_tags_for_resource
BudgetsResponse.describe_subscribers_for_notification = describe_subscribers_for_notification
BudgetsResponse.describe_notifications_for_budget = describe_notifications_for_budget
