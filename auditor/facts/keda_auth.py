"""Scaler ↔ TriggerAuthentication: which one a trigger names, and who uses which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data._tables import nearest
from auditor.facts.keda_target import KedaTarget, same_namespace, together
from auditor.facts.keda_triggers import triggers_of
from auditor.facts.scaling import target_reference
from auditor.model import Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

KINDS = ("TriggerAuthentication", "ClusterTriggerAuthentication")
ASSOCIATION = "aws_eks_pod_identity_association"


class KedaAuth:
    """``facts.keda_auth`` of a scaler or a trigger authentication.

    Of a scaler: ``{references}``, one ``{kind, name, found, why, suggestion, at, ref}`` for each
    authenticationRef; ``found`` is Unknown when the target declares no authentication at all.
    Of a trigger authentication: ``{used, associations}``: whether a scaler names it (Unknown when the target
    declares no scaler), and the EKS Pod Identity associations of the workloads whose identity it takes,
    ``{workload, account, ref}`` each.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._scalers = [*world.kind("keda.sh", "ScaledObject"), *world.kind("keda.sh", "ScaledJob")]
        self._declared = {kind: world.kind("keda.sh", kind) for kind in KINDS}

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        if resource.kind in KINDS:
            return {"used": self._used(resource), "associations": self._associations(resource)}
        return {
            "references": [
                row for place in triggers_of(resource) for row in self._references(resource, *place)
            ]
        }

    def _references(self, scaler: Resource, index: int, trigger: dict[str, Any]) -> list[dict[str, Any]]:
        reference = _reference(trigger)
        if reference is None:
            return []
        kind, name = reference
        found = next((each for each in self._declared[kind] if self._means(scaler, each, name)), None)
        row = {
            "kind": kind,
            "name": name,
            "found": True,
            "why": "",
            "suggestion": "",
            "at": render(scaler.body, ("spec", "triggers", index, "authenticationRef", "name")),
            "ref": self._world.ref(found or scaler),
        }
        return [row if found else row | self._instead(scaler, kind, name)]

    def _instead(self, scaler: Resource, kind: str, name: str) -> dict[str, Any]:
        """What is there in place of an authentication that is not."""
        listed = [each for kinds in self._declared.values() for each in kinds]
        declared = [each for each in listed if together(self._world, each, scaler)]
        if not declared:
            reason = f"{kind} {name} is not among the manifests of {self._world.name}, which declare none"
            return {"found": Unknown(reason, "audit the folder that holds it together with the scaler")}
        for each in declared:
            if each.name == name:
                place = f" in namespace {each.namespace}" if each.namespace else ""
                ref = self._world.ref(each, ("metadata", "name"))
                return {"found": False, "why": f"there is {each.kind} {name}{place}", "ref": ref}
        names = [each.name for each in declared if each.kind == kind and same_namespace(each, scaler)]
        meant = nearest(name, names) or ""
        if not meant and self._world.is_loose:
            reason = f"{kind} {name} is not among the loose manifests of {self._world.name}"
            return {"found": Unknown(reason, "audit the folder that holds it together with the scaler")}
        return {
            "found": False,
            "why": f"there is {meant}" if meant else "none has that name",
            "suggestion": meant,
        }

    def _means(self, scaler: Resource, authentication: Resource, name: str) -> bool:
        if authentication.name != name:
            return False
        return authentication.kind == KINDS[1] or same_namespace(authentication, scaler)

    def _users(self, authentication: Resource) -> list[Resource]:
        return [
            scaler
            for scaler in self._scalers
            if any(
                _reference(trigger) == (authentication.kind, authentication.name)
                and self._means(scaler, authentication, authentication.name)
                for _, trigger in triggers_of(scaler)
            )
        ]

    def _used(self, authentication: Resource) -> Any:
        if self._users(authentication):
            return True
        if not any(together(self._world, each, authentication) for each in self._scalers):
            reason = f"no scaler lies beside {authentication.title} in {self._world.name}"
            return Unknown(reason, "audit the folder that holds the scalers together with the authentication")
        return False

    def _associations(self, authentication: Resource) -> list[dict[str, str]]:
        """EKS Pod Identity associations of the accounts whose identity KEDA would take over."""
        if dig(authentication.body, ("spec", "podIdentity", "identityOwner")) != "workload":
            return []
        rows = []
        for scaler in self._users(authentication):
            workload, account = self._account(scaler)
            for found in self._world.kind("terraform", ASSOCIATION):
                if _names(found.body, scaler.namespace, account):
                    ref = self._world.ref(found)
                    rows.append({"workload": workload, "account": account, "ref": ref, "title": found.title})
        return rows

    def _account(self, scaler: Resource) -> tuple[str, str]:
        workload: Resource | None = scaler
        if target_reference(scaler) is not None:
            target = self._world.get_fact("keda_target")
            assert isinstance(target, KedaTarget)
            workload = target.find(scaler)
        pods = self._world.instances_of("PodSpec", workload) if workload else []
        account = pods[0].value.get("serviceAccountName", "default") if pods else ""
        return (workload.title if workload else ""), account if isinstance(account, str) else ""


def _reference(trigger: dict[str, Any]) -> tuple[str, str] | None:
    found = trigger.get("authenticationRef")
    if type(found) is not dict or type(found.get("name")) is not str:
        return None
    kind = found.get("kind", KINDS[0])
    return (kind, found["name"]) if kind in KINDS else None


def _names(body: dict[str, Any], namespace: str, account: str) -> bool:
    given = body.get("namespace"), body.get("service_account")
    if any(isinstance(each, Unknown) for each in given):
        return False
    return given[1] == account and (not namespace or given[0] == namespace)
