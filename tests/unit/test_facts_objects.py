"""Facts about single objects: API versions, schemas, service accounts."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from auditor.facts.objects_lifecycle import NEVER, ApiVersion
from auditor.facts.objects_schema import Schema
from auditor.facts.objects_service_account import ServiceAccountOf
from auditor.model import Target
from auditor.sources.manifests import read_manifests
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import World

POD = """
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: inference}
spec:
  serviceAccountName: api
  containers: [{name: api, image: registry.example/api:1.4.2}]
---
"""


def world_of(text: str) -> World:
    data = dedent(text).encode()
    found = read_manifests("a.yaml", data, lambda _: data, None)
    return World(Target("loose", "loose", ".", resources=found.resources))


def whole(world: World) -> Instance:
    resource = world.target.resources[0]
    return Instance("Object", resource, resource.body)


def service_account(text: str) -> Any:
    world = world_of(text)
    return ServiceAccountOf(world).of(world.instances("PodSpec")[0])


def test_a_version_on_its_way_out_names_its_dates_and_its_replacement() -> None:
    world = world_of("{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}}")
    assert ApiVersion(world).of(whole(world)) == {
        "leaving": True,
        "deprecated_minor": 21,
        "removed_minor": 25,
        "use": "policy/v1 PodDisruptionBudget",
    }


def test_a_version_that_stays_is_never_removed() -> None:
    world = world_of("{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}}")
    fact = ApiVersion(world).of(whole(world))
    assert (fact["leaving"], fact["removed_minor"], fact["use"]) == (False, NEVER, "")


def test_a_schema_problem_has_its_place_in_the_path_grammar() -> None:
    world = world_of(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: a}
        spec:
          containers:
            - {name: first, image: a}
            - {name: second, image: b, resource: {}}
        """
    )
    assert Schema(world).of(whole(world)) == {
        "known": True,
        "problems": [
            {
                "at": "spec.containers[name=second].resource",
                "what": "there is no field resource here",
                "suggestion": "resources",
                "kind": "unknown-field",
            }
        ],
    }


def test_a_custom_resource_has_no_schema() -> None:
    world = world_of("{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: a}, spec: []}")
    assert Schema(world).of(whole(world)) == {"known": False, "problems": []}


def test_a_pod_that_names_no_account_runs_as_default() -> None:
    found = service_account(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: a}]}}"
    )
    assert (found["name"], found["declared"], found["automount"], found["granted"]) == (
        "default",
        False,
        True,
        False,
    )


def test_an_account_says_whether_its_token_is_mounted() -> None:
    account = (
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: api, namespace: inference},"
        " automountServiceAccountToken: false}"
    )
    found = service_account(POD + account)
    assert found["declared"] is True
    assert found["automount"] is False
    assert len(found["refs"]) == 1


def test_an_account_of_another_namespace_is_another_account() -> None:
    found = service_account(
        POD + "{apiVersion: v1, kind: ServiceAccount, metadata: {name: api, namespace: elsewhere}}"
    )
    assert found["declared"] is False


BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: a{namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects:
  - {subject}
"""


def granted(kind: str, subject: str, namespace: str = "") -> bool:
    found = service_account(POD + BINDING.format(kind=kind, subject=subject, namespace=namespace))
    return bool(found["granted"])


def test_a_binding_grants_to_the_account_it_names() -> None:
    assert granted("ClusterRoleBinding", "{kind: ServiceAccount, name: api, namespace: inference}")
    assert granted("RoleBinding", "{kind: ServiceAccount, name: api}", ", namespace: inference")


def test_a_binding_to_another_account_grants_nothing() -> None:
    assert not granted("ClusterRoleBinding", "{kind: ServiceAccount, name: api, namespace: elsewhere}")
    assert not granted("RoleBinding", "{kind: ServiceAccount, name: worker, namespace: inference}")
    assert not granted("ClusterRoleBinding", "{kind: User, name: api}")


def test_a_binding_to_a_group_of_accounts_grants_to_its_members() -> None:
    assert granted("ClusterRoleBinding", "{kind: Group, name: 'system:serviceaccounts'}")
    assert granted("ClusterRoleBinding", "{kind: Group, name: 'system:serviceaccounts:inference'}")
    assert not granted("ClusterRoleBinding", "{kind: Group, name: 'system:serviceaccounts:elsewhere'}")


def test_what_an_account_says_may_be_unknown() -> None:
    world = world_of(
        POD + "{apiVersion: v1, kind: ServiceAccount, metadata: {name: api, namespace: inference}}"
    )
    said = Unknown("not rendered", "render the chart")
    world.kind("", "ServiceAccount")[0].body["automountServiceAccountToken"] = said
    assert ServiceAccountOf(world).of(world.instances("PodSpec")[0])["automount"] is said


def test_a_subject_that_is_unknown_grants_nothing_and_stops_nobody() -> None:
    world = world_of(
        POD + BINDING.format(kind="ClusterRoleBinding", namespace="", subject="{kind: User, name: a}")
    )
    binding = world.kind("rbac.authorization.k8s.io", "ClusterRoleBinding")[0]
    binding.body["subjects"] = [{"kind": Unknown("not rendered"), "name": "api"}]
    assert ServiceAccountOf(world).of(world.instances("PodSpec")[0])["granted"] is False


def test_subjects_of_the_wrong_type_are_left_alone() -> None:
    found = service_account(
        POD
        + "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, subjects: {kind: User}}"
    )
    assert found["granted"] is False


def test_what_a_chart_lacks_with_its_own_values_is_for_whoever_installs_it() -> None:
    text = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {csi: {driver: efs.csi.aws.com}}}"
    (resource,) = world_of(text).target.resources
    for name, kind, known in (
        ("chart", "helm", False),
        ("chart:values.yaml", "helm", True),
        ("a", "loose", True),
    ):
        world = World(Target(name, kind, "chart", resources=[resource]))  # type: ignore[arg-type]
        problems = Schema(world).of(whole(world))["problems"]
        assert isinstance(problems, list) is known
        assert known or "chart's own values" in problems.reason
