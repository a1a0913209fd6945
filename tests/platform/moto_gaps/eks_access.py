"""EKS access entries and their policies."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.eks.exceptions import ResourceInUseException
from moto.eks.responses import EKSResponse

from tests.platform.moto_gaps.eks_routes import add_operation, arn, cluster_name, kept, now, one_of


def _entries(self: EKSResponse) -> dict[str, dict[str, Any]]:
    return kept(self, "access_entries")


def _principal(self: EKSResponse) -> str:
    return str(self._get_param("principalArn"))


def _entry(self: EKSResponse) -> dict[str, Any]:
    return one_of(_entries(self), _principal(self), "access entry")


def create_access_entry(self: EKSResponse) -> ActionResult:
    """One entry for each principal."""
    principal, entries = _principal(self), _entries(self)
    if principal in entries:
        raise ResourceInUseException(message=f"{principal} has an access entry already")
    entries[principal] = {
        "clusterName": cluster_name(self),
        "principalArn": principal,
        "kubernetesGroups": self._get_param("kubernetesGroups") or [],
        "accessEntryArn": arn(self, "access-entry", f"role/{principal.rsplit('/', 1)[-1]}"),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": self._get_param("tags") or {},
        "username": self._get_param("username") or principal,
        "type": self._get_param("type") or "STANDARD",
        "policies": {},
    }
    return describe_access_entry(self)


def describe_access_entry(self: EKSResponse) -> ActionResult:
    """By the principal's ARN."""
    shown = {key: value for key, value in _entry(self).items() if key != "policies"}
    return ActionResult({"accessEntry": shown})


def delete_access_entry(self: EKSResponse) -> ActionResult:
    """Its policies go with it."""
    _entry(self)
    del _entries(self)[_principal(self)]
    return EmptyResult()


def list_access_entries(self: EKSResponse) -> ActionResult:
    """All in one page."""
    return ActionResult({"accessEntries": sorted(_entries(self))})


def associate_access_policy(self: EKSResponse) -> ActionResult:
    """Give an entry a policy, for the cluster or for namespaces."""
    associated = {
        "policyArn": self._get_param("policyArn"),
        "accessScope": self._get_param("accessScope"),
        "associatedAt": now(),
        "modifiedAt": now(),
    }
    _entry(self)["policies"][associated["policyArn"]] = associated
    return ActionResult(
        {
            "clusterName": cluster_name(self),
            "principalArn": _principal(self),
            "associatedAccessPolicy": associated,
        }
    )


def list_associated_access_policies(self: EKSResponse) -> ActionResult:
    """All in one page."""
    listed = list(_entry(self)["policies"].values())
    return ActionResult(
        {
            "clusterName": cluster_name(self),
            "principalArn": _principal(self),
            "associatedAccessPolicies": listed,
        }
    )


def disassociate_access_policy(self: EKSResponse) -> ActionResult:
    """Take a policy from an entry."""
    _entry(self)["policies"].pop(self._get_param("policyArn"), None)
    return EmptyResult()


# In server mode a principal in the path, .../sso.amazonaws.com/..., is no region: only the host may name one.
EKSResponse.region_regex = re.compile(r"^https?://[^/]*?\.(?P<region>[^./]+)\.amazonaws\.com")

ENTRIES = "/clusters/(?P<name>[^/]+)/access-entries"
add_operation(f"{ENTRIES}$", "create_access_entry", create_access_entry)
add_operation(f"{ENTRIES}$", "list_access_entries", list_access_entries)
add_operation(f"{ENTRIES}/(?P<principalArn>.+)$", "describe_access_entry", describe_access_entry)
add_operation(f"{ENTRIES}/(?P<principalArn>.+)$", "delete_access_entry", delete_access_entry)
for _name, _operation in (
    ("associate_access_policy", associate_access_policy),
    ("list_associated_access_policies", list_associated_access_policies),
    ("disassociate_access_policy", disassociate_access_policy),
):
    add_operation(f"{ENTRIES}/(?P<principalArn>.+)/access-policies.*$", _name, _operation)
