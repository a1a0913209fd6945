"""EKS add-ons and Pod Identity associations."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.eks.exceptions import ResourceInUseException
from moto.eks.responses import EKSResponse

from tests.platform.moto_gaps.eks_routes import add_operation, arn, cluster_name, kept, now, one_of, update

VERSION = "v1.0.0-eksbuild.1"
"""Version that every add-on has here, by default and as newest."""


def _addons(self: EKSResponse) -> dict[str, dict[str, Any]]:
    return kept(self, "addons")


def _addon(self: EKSResponse) -> dict[str, Any]:
    return one_of(_addons(self), str(self._get_param("addonName")), "add-on")


def _associations(self: EKSResponse) -> dict[str, dict[str, Any]]:
    return kept(self, "pod_identity_associations")


def create_addon(self: EKSResponse) -> ActionResult:
    """Active at once; its Pod Identity associations are made with it."""
    name, addons = str(self._get_param("addonName")), _addons(self)
    if name in addons:
        raise ResourceInUseException(message=f"Addon {name} already exists")
    addon = {
        "addonName": name,
        "clusterName": cluster_name(self),
        "status": "ACTIVE",
        "addonVersion": self._get_param("addonVersion") or VERSION,
        "health": {"issues": []},
        "addonArn": arn(self, "addon", f"{name}/{uuid4()}"),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": self._get_param("tags") or {},
        "podIdentityAssociations": _associate(self, self._get_param("podIdentityAssociations") or []),
    }
    for field in ("serviceAccountRoleArn", "configurationValues"):
        if self._get_param(field):
            addon[field] = self._get_param(field)
    addons[name] = addon
    return ActionResult({"addon": addon})


def _associate(self: EKSResponse, wanted: list[dict[str, str]]) -> list[str]:
    made = [_association(self, "kube-system", each["serviceAccount"], each["roleArn"], {}) for each in wanted]
    return [each["associationArn"] for each in made]


def describe_addon(self: EKSResponse) -> ActionResult:
    """By name."""
    return ActionResult({"addon": _addon(self)})


def list_addons(self: EKSResponse) -> ActionResult:
    """All in one page."""
    return ActionResult({"addons": sorted(_addons(self))})


def update_addon(self: EKSResponse) -> ActionResult:
    """Version, role and configuration."""
    addon = _addon(self)
    changed = {
        key: self._get_param(key)
        for key in ("addonVersion", "serviceAccountRoleArn", "configurationValues")
        if self._get_param(key) is not None
    }
    addon.update(changed, modifiedAt=now())
    return update("AddonUpdate", changed)


def delete_addon(self: EKSResponse) -> ActionResult:
    """Gone at once, with its associations."""
    addon = _addon(self)
    del _addons(self)[addon["addonName"]]
    for each in addon["podIdentityAssociations"]:
        _associations(self).pop(each.rsplit("/", 1)[-1], None)
    return ActionResult({"addon": addon | {"status": "DELETING"}})


def describe_addon_versions(self: EKSResponse) -> ActionResult:
    """One version of whatever is asked for, for the minor that is asked for."""
    minor = self._get_param("kubernetesVersion")
    compatible = [{"clusterVersion": minor, "platformVersions": ["*"], "defaultVersion": True}]
    version = {"addonVersion": VERSION, "architecture": ["amd64"], "compatibilities": compatible}
    return ActionResult({"addons": [{"addonName": self._get_param("addonName"), "addonVersions": [version]}]})


def _association(
    self: EKSResponse, namespace: str, account: str, role: str, tags: dict[str, str]
) -> dict[str, Any]:
    key = f"a-{uuid4().hex[:17]}"
    made = {
        "clusterName": cluster_name(self),
        "namespace": namespace,
        "serviceAccount": account,
        "roleArn": role,
        "associationArn": arn(self, "podidentityassociation", key),
        "associationId": key,
        "tags": tags,
        "createdAt": now(),
        "modifiedAt": now(),
    }
    _associations(self)[key] = made
    return made


def create_pod_identity_association(self: EKSResponse) -> ActionResult:
    """A role for one ServiceAccount."""
    texts = [str(self._get_param(key)) for key in ("namespace", "serviceAccount", "roleArn")]
    return ActionResult({"association": _association(self, *texts, self._get_param("tags") or {})})


def describe_pod_identity_association(self: EKSResponse) -> ActionResult:
    """By id."""
    found = one_of(_associations(self), str(self._get_param("associationId")), "association")
    return ActionResult({"association": found})


def list_pod_identity_associations(self: EKSResponse) -> ActionResult:
    """All in one page."""
    return ActionResult({"associations": list(_associations(self).values())})


def delete_pod_identity_association(self: EKSResponse) -> ActionResult:
    """By id."""
    found = one_of(_associations(self), str(self._get_param("associationId")), "association")
    del _associations(self)[found["associationId"]]
    return ActionResult({"association": found})


add_operation("/addons/supported-versions$", "describe_addon_versions", describe_addon_versions)
ADDONS = "/clusters/(?P<name>[^/]+)/addons"
add_operation(f"{ADDONS}$", "create_addon", create_addon)
add_operation(f"{ADDONS}$", "list_addons", list_addons)
add_operation(f"{ADDONS}/(?P<addonName>[^/]+)$", "describe_addon", describe_addon)
add_operation(f"{ADDONS}/(?P<addonName>[^/]+)$", "delete_addon", delete_addon)
add_operation(f"{ADDONS}/(?P<addonName>[^/]+)/update$", "update_addon", update_addon)
PODS = "/clusters/(?P<name>[^/]+)/pod-identity-associations"
add_operation(f"{PODS}$", "create_pod_identity_association", create_pod_identity_association)
add_operation(f"{PODS}$", "list_pod_identity_associations", list_pod_identity_associations)
add_operation(
    f"{PODS}/(?P<id>[^/]+)$", "describe_pod_identity_association", describe_pod_identity_association
)
add_operation(f"{PODS}/(?P<id>[^/]+)$", "delete_pod_identity_association", delete_pod_identity_association)
