"""Registries, keys, alarms, log groups and budgets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.sources.aws.rows import LIVE, Found, Row, each, several
from auditor.sources.aws.session import Place
from auditor.sources.aws.shape import shaped, tag_map
from auditor.unknown import Unknown

LOG_PREFIX = "/aws/eks/"
_REPOSITORY = {"repository_arn": "arn", "repository_name": "name", "repository_uri": "repository_url"}
_LOG_GROUP = {
    "log_group_name": "name",
    "retention_in_days": "retention_in_days",
    "log_group_arn": "",
    "stored_bytes": "",
}


def repositories(place: Place) -> Found:
    """``aws_ecr_repository`` and its ``aws_ecr_lifecycle_policy``."""

    def one(found: dict[str, Any]) -> Iterator[Row]:
        name = found["repositoryName"]
        tags = place.value("ecr.list_tags_for_resource", resourceArn=found["repositoryArn"])
        given = tags if isinstance(tags, Unknown) else tag_map(tags.get("tags"))
        yield Row("aws_ecr_repository", found["repositoryArn"], shaped(found, _REPOSITORY) | {"tags": given})
        policy = place.value("ecr.get_lifecycle_policy", repositoryName=name)
        text = policy if isinstance(policy, Unknown) else policy.get("lifecyclePolicyText")
        if text:
            row = {"repository": name, "policy": text}
            yield Row("aws_ecr_lifecycle_policy", f"{found['repositoryArn']}/lifecycle", row)

    return several(place, place.listed("ecr.describe_repositories"), one)


def registry_scanning(place: Place) -> Found:
    """``aws_ecr_registry_scanning_configuration``."""
    found = place.get("ecr.get_registry_scanning_configuration").get("scanningConfiguration", {})
    body = shaped(found, {"rules": "rule", "repository_filters": "repository_filter"})
    yield Row("aws_ecr_registry_scanning_configuration", f"{place.where} ECR scanning", body)


def keys(place: Place) -> Found:
    """``aws_kms_key``: the keys that the account keeps itself, with policy and rotation."""

    def one(listed: dict[str, str]) -> Row | None:
        found = place.get("kms.describe_key", KeyId=listed["KeyId"])["KeyMetadata"]
        if found.get("KeyManager") != "CUSTOMER" or found.get("KeyState") in ("PendingDeletion", "Disabled"):
            return None
        policy = place.value("kms.get_key_policy", KeyId=listed["KeyId"], PolicyName="default")
        rotation = place.value("kms.get_key_rotation_status", KeyId=listed["KeyId"])
        body = {
            "key_id": found["KeyId"],
            "id": found["KeyId"],
            "arn": found["Arn"],
            "description": found.get("Description", ""),
            "customer_master_key_spec": found.get("KeySpec", "SYMMETRIC_DEFAULT"),
            "key_usage": found.get("KeyUsage", ""),
            "policy": policy if isinstance(policy, Unknown) else policy.get("Policy", ""),
            "enable_key_rotation": rotation
            if isinstance(rotation, Unknown)
            else rotation.get("KeyRotationEnabled", False),
        }
        return Row("aws_kms_key", found["Arn"], body)

    return each(place, place.listed("kms.list_keys"), one)


def alarms(place: Place) -> Found:
    """``aws_cloudwatch_metric_alarm``; ``live.state`` is its state."""
    for found in place.listed("cloudwatch.describe_alarms", AlarmTypes=["MetricAlarm"]):
        body = shaped(found, {"alarm_arn": "arn"})
        body["dimensions"] = {each["Name"]: each["Value"] for each in found.get("Dimensions", ())}
        body[LIVE] = {"state": found.get("StateValue", "")}
        yield Row("aws_cloudwatch_metric_alarm", found["AlarmArn"], body)


def log_groups(place: Place) -> Found:
    """``aws_cloudwatch_log_group`` of the control planes."""
    for found in place.listed("logs.describe_log_groups", logGroupNamePrefix=LOG_PREFIX):
        body = shaped(found, _LOG_GROUP)
        yield Row("aws_cloudwatch_log_group", found["arn"].removesuffix(":*"), body)


def budgets(place: Place) -> Found:
    """``aws_budgets_budget`` with its notifications."""

    def one(found: dict[str, Any]) -> Row:
        name = found["BudgetName"]
        listed = place.listed(
            "budgets.describe_notifications_for_budget", AccountId=place.account, BudgetName=name
        )
        limit = found.get("BudgetLimit", {})
        body = {
            "name": name,
            "budget_type": found.get("BudgetType", ""),
            "time_unit": found.get("TimeUnit", ""),
            "limit_amount": limit.get("Amount", ""),
            "limit_unit": limit.get("Unit", ""),
            "notification": [_notification(place, name, each) for each in listed],
            LIVE: {"spent": found.get("CalculatedSpend", {}).get("ActualSpend", {}).get("Amount", "")},
        }
        arn = f"arn:{place.partition}:budgets::{place.account}:budget/{name}"
        return Row("aws_budgets_budget", arn, body | {"arn": arn, "tags": tag_map(())})

    return each(place, place.listed("budgets.describe_budgets", AccountId=place.account), one)


def _notification(place: Place, budget: str, found: dict[str, Any]) -> dict[str, Any]:
    """A notification with who is told, as Terraform writes it."""
    listed = place.listed(
        "budgets.describe_subscribers_for_notification",
        AccountId=place.account,
        BudgetName=budget,
        Notification=found,
    )
    told: dict[str, list[str]] = {"EMAIL": [], "SNS": []}
    for subscriber in listed:
        told.setdefault(subscriber["SubscriptionType"], []).append(subscriber["Address"])
    return shaped(found) | {
        "subscriber_email_addresses": told["EMAIL"],
        "subscriber_sns_topic_arns": told["SNS"],
    }
