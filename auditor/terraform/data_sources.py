"""Attributes of data sources that need no cloud account: policy documents, partition, region, account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.terraform.iam_documents import render_document
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from auditor.terraform.resources import ResourceInstance

PARTITIONS = {"cn-": ("aws-cn", "amazonaws.com.cn"), "us-gov-": ("aws-us-gov", "amazonaws.com")}


def computed(instance: ResourceInstance, name: str) -> object:
    """The attribute, or None where only the provider knows it."""
    kind = instance.block.labels[0]
    if kind == "aws_iam_policy_document" and name in {"json", "minified_json"}:
        return instance.module.once(
            (instance.target, "json"),
            instance.block,
            lambda: render_document(instance.body(), instance.scope.budget),
        )
    if kind == "aws_partition":
        return _partition(instance).get(name)
    if kind == "aws_region" and name in {"name", "id", "region"}:
        return region_of(instance)
    if kind == "aws_caller_identity" and name in {"account_id", "id"}:
        return account_of(instance)
    return None


def region_of(instance: ResourceInstance) -> object:
    """The region of the provider that the instance uses; None where the code does not say."""
    return _argument(instance, "region")


def account_of(instance: ResourceInstance) -> object:
    """The one account that the provider accepts: with another's credentials nothing is planned. None for several."""
    allowed = _argument(instance, "allowed_account_ids")
    return allowed[0] if type(allowed) is list and len(allowed) == 1 else None


def _argument(instance: ResourceInstance, name: str) -> object:
    found = instance.module.provider(instance.provider_key())
    if found is None:
        return None
    block, module = found
    attribute = block.body.attributes.get(name)
    return None if attribute is None else module.evaluate(attribute)


def _partition(instance: ResourceInstance) -> dict[str, object]:
    """AWS's main partition, unless the provider's region is known to lie in another one."""
    region = region_of(instance)
    name, suffix = "aws", "amazonaws.com"
    if isinstance(region, str) and not isinstance(region, Unknown):
        for prefix, other in PARTITIONS.items():
            if region.startswith(prefix):
                name, suffix = other
    reverse = ".".join(reversed(suffix.split(".")))
    return {"partition": name, "id": name, "dns_suffix": suffix, "reverse_dns_prefix": reverse}
