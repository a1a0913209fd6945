"""When is the other end of a join missing, when elsewhere, and when merely unknown."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.neighbours import Neighbours, nearest
from auditor.facts.pods import alike
from auditor.model import Resource, Target
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import Surroundings, World
from tests.unit.worlds import resources

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
spec:
  serviceAccountName: {name}
  containers: [{{name: main, image: registry.example/{name}:1, ports: [{{name: http, containerPort: 8080}}]}}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
spec: {{selector: {{app: {selects}}}, ports: [{{name: http, port: 80, targetPort: {port}}}]}}
"""
OPERATED = """
apiVersion: databases.example.com/v1
kind: Database
metadata: {name: orders, namespace: prod}
spec: {}
"""


def pod(name: str = "api", namespace: str = "prod") -> str:
    return POD.format(name=name, namespace=namespace or '""')


def service(name: str = "api", namespace: str = "prod", selects: str = "", port: object = "http") -> str:
    return SERVICE.format(name=name, namespace=namespace or '""', selects=selects or name, port=port)


def tree(kind: Any = "loose", **files: str) -> World:
    """A target whose files are named by keyword: ``a__pods`` is ``a/pods.yaml``."""
    found: list[Resource] = []
    for name, text in files.items():
        found += resources(text, name.replace("__", "/") + ".yaml")
    return World(Target("test", kind, ".", found))


def fact(world: World, name: str, kind: str, which: str = "") -> Any:
    """The fact of the one resource of a kind (and name)."""
    chosen = [r for r in world.resources() if r.kind == kind and which in ("", r.name)]
    assert len(chosen) == 1
    resource = chosen[0]
    return world.fact(name, Instance("", resource, resource.body))


def test_a_service_beside_the_pods_it_misses_by_a_slip_is_dangling() -> None:
    assert (
        fact(tree(a__pod=pod("api"), a__svc=service("web", selects="apis")), "service", "Service")["found"]
        is False
    )


def test_a_service_of_the_same_name_as_the_pods_is_dangling_whatever_it_selects() -> None:
    world = tree(a__pod=pod("api"), a__svc=service("api", selects="other"))
    assert fact(world, "service", "Service")["found"] is False


def test_a_service_for_something_else_in_the_folder_is_not_assessed() -> None:
    world = tree(a__pod=pod("prometheus"), a__svc=service("gpu-exporter", selects="dcgm"))
    found = fact(world, "service", "Service")["found"]
    assert isinstance(found, Unknown) and "dcgm" in found.reason


def test_a_rendered_target_is_complete() -> None:
    world = tree("kustomize", a__pod=pod("prometheus"), b__svc=service("gpu-exporter", selects="dcgm"))
    assert fact(world, "service", "Service")["found"] is False


def test_nothing_is_said_of_a_service_whose_folder_or_namespace_holds_no_pods() -> None:
    for world in (
        tree(a__pod=pod("api"), b__svc=service("api", selects="apis")),
        tree(a__pod=pod("api", "dev"), a__svc=service("api", selects="apis")),
    ):
        assert isinstance(fact(world, "service", "Service")["found"], Unknown)


def test_an_operator_nearby_may_make_the_pods() -> None:
    world = tree(a__pod=pod("api"), a__db=OPERATED, a__svc=service("api", selects="orders"))
    found = fact(world, "service", "Service")["found"]
    assert isinstance(found, Unknown) and "Database prod/orders" in found.reason


def test_a_namespace_that_is_not_written_joins_but_never_dangles() -> None:
    world = tree(a__pod=pod("api", ""), a__svc=service("api"))
    assert fact(world, "service", "Service")["found"] is True
    world = tree(a__pod=pod("api", ""), a__svc=service("api", selects="apis"))
    assert isinstance(fact(world, "service", "Service")["found"], Unknown)


def test_pods_are_taken_from_the_nearest_folder() -> None:
    elsewhere = pod("api").replace("name: http", "name: web")
    world = tree(a__pod=pod("api"), b__pod=elsewhere, a__svc=service("api"))
    assert fact(world, "service", "Service")["ports"][0]["found"] is True
    assert fact(world, "service", "Service")["workloads"] == ["Pod prod/api"]


def test_ports_of_pods_in_other_folders_decide_nothing() -> None:
    world = tree(b__pod=pod("api"), a__svc=service("api", port="web"))
    assert isinstance(fact(world, "service", "Service")["ports"][0]["found"], Unknown)
    world = tree(a__pod=pod("api"), a__svc=service("api", port="web"))
    assert fact(world, "service", "Service")["ports"][0]["found"] is False


def test_a_text_of_digits_is_a_port_number() -> None:
    world = tree(a__pod=pod("api"), a__svc=service("api", port='"8080"'))
    row = fact(world, "service", "Service")["ports"][0]
    assert (row["named"], row["found"]) == (False, True)


def test_a_pod_that_declares_no_port_may_listen_on_any() -> None:
    silent = pod("api").replace(", ports: [{name: http, containerPort: 8080}]", "")
    assert fact(tree(a__pod=silent, a__svc=service("api", port=9000)), "service", "Service")["ports"][0][
        "found"
    ]


def test_equal_namespaces_come_before_possible_ones_and_then_the_distance() -> None:
    world = tree(
        a__one=service("x", ""), a__two=service("x", "prod"), b__three=service("x", "prod"), a__ref=pod("api")
    )
    services = world.kind("", "Service")
    found = nearest(world, world.kind("", "Pod")[0], services, lambda each: each)
    assert [each.origin.file for each in found] == ["a/two.yaml"]


def test_passive_custom_resources_make_nothing() -> None:
    monitor = (
        "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m, namespace: prod}\n"
    )
    world = tree(a__pod=pod("api"), a__m=monitor, a__svc=service("api", selects="apis"))
    assert fact(world, "service", "Service")["found"] is False
    neighbours = world.get_fact("neighbours")
    assert isinstance(neighbours, Neighbours)


def test_references_to_secrets_are_never_called_missing() -> None:
    text = pod("api").replace(
        "containers:",
        "volumes: [{name: s, secret: {secretName: s}}, {name: c, configMap: {name: c}}]\n  containers:",
    )
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: prod}\ndata: {a: b}\n---\n"
    world = tree(a__pod=other + text)
    instance = world.instances("PodSpec")[0]
    rows = {row["kind"]: row for row in world.fact("references", instance)["all"]}
    assert isinstance(rows["Secret"]["found"], Unknown)
    assert rows["ConfigMap"]["found"] is False
    assert isinstance(rows["ServiceAccount"]["found"], Unknown)


def test_a_config_map_of_another_file_may_be_generated() -> None:
    text = pod("api").replace("containers:", "volumes: [{name: c, configMap: {name: c}}]\n  containers:")
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: prod}\n"
    for kind, known in (("loose", False), ("kustomize", True)):
        world = tree(kind, a__pod=text, a__other=other)
        rows = world.fact("references", world.instances("PodSpec")[0])["all"]
        found = next(row["found"] for row in rows if row["kind"] == "ConfigMap")
        assert (found is False) is known


def test_what_every_cluster_brings_is_no_reference() -> None:
    text = pod("default").replace(
        "containers:", "volumes: [{name: c, configMap: {name: kube-root-ca.crt}}]\n  containers:"
    )
    world = tree(a__pod=text)
    assert world.fact("references", world.instances("PodSpec")[0])["all"] == []


def test_keys_are_looked_up_in_every_kind_of_data_and_not_where_there_are_none() -> None:
    items = "volumes: [{name: c, configMap: {name: c, items: [{key: model, path: m}, {key: gone, path: g}]}}]"
    text = pod("api").replace("containers:", items + "\n  containers:")
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: prod}}\n{}\n"
    for data, missing in (("binaryData: {model: eA==}", ["gone"]), ("immutable: true", [])):
        world = tree(a__pod=text, a__c=config.format(data))
        rows = world.fact("references", world.instances("PodSpec")[0])["all"]
        assert next(row["missing_keys"] for row in rows if row["kind"] == "ConfigMap") == missing


def test_built_in_roles_are_always_there() -> None:
    binding = """
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: b, namespace: prod}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: {name}}}
subjects: [{{kind: ServiceAccount, name: {account}, namespace: prod}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: mine, namespace: prod}}
rules: [{{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: api, namespace: prod}}
"""
    cases = {
        ("ClusterRole", "cluster-admin"): (True, True),
        ("ClusterRole", "system:node"): (True, False),
        ("Role", "extension-apiserver-authentication-reader"): (True, False),
        ("Role", "mine"): (True, True),
        ("Role", "mien"): (False, False),
    }
    for (role, name), wanted in cases.items():
        text = binding.format(kind="RoleBinding", role=role, name=name, account="api")
        found = fact(tree(a__rbac=text), "binding", "RoleBinding")
        assert (found["found"], found["grants_all"]) == wanted, name
    text = binding.format(kind="RoleBinding", role="Role", name="mine", account="apis")
    assert fact(tree(a__rbac=text), "binding", "RoleBinding")["subjects"][0]["found"] is False


def test_a_binding_to_a_cluster_role_of_another_repository_is_not_assessed() -> None:
    text = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: elsewhere}
"""
    assert isinstance(fact(tree(a__rbac=text), "binding", "ClusterRoleBinding")["found"], Unknown)


def test_ingress_backends_are_read_in_both_spellings() -> None:
    old = """
apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata: {name: i, namespace: prod}
spec:
  backend: {serviceName: api, servicePort: http}
  rules:
    - http:
        paths:
          - {path: /, backend: {serviceName: api, servicePort: 81}}
          - {path: /gone, backend: {serviceName: gone, servicePort: 80}}
"""
    rows = fact(tree(a__i=old, a__s=service("api")), "ingress", "Ingress")["backends"]
    assert [(row["service"], row["found"], row["port_found"]) for row in rows] == [
        ("api", True, True),
        ("api", True, False),
        ("gone", False, True),
    ]


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("apis", "api", True),
        ("modelserver", "model-server", True),
        ("gatway", "gateway", True),
        ("ml-worker", "worker", True),
        ("vtgate", "vtctld", False),
        ("dcgm", "prometheus", False),
        ("", "api", False),
    ],
)
def test_a_slip_differs_in_one_place(one: str, other: str, wanted: bool) -> None:
    assert alike(one, other) is alike(other, one) is wanted


ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: NAME, namespace: prod}\n"


def beside(name: str, kind: Any, text: str) -> Target:
    """A target of its own, with the objects of a YAML text."""
    return Target(name, kind, name, resources(text, f"{name}/all.yaml"))


def account_of(*targets: Target) -> bool | Unknown:
    """Whether the pod ``api`` of the first target lacks its account there."""
    world = World(targets[0], around=Surroundings(targets=targets))
    (owner,) = (each for each in targets[0].resources if each.kind == "Pod")
    return Neighbours(world).missing(owner, "ServiceAccount api", (("", "ServiceAccount"),), ("api",))


def test_what_a_target_applied_beside_holds_is_not_missing() -> None:
    app = beside("app", "kustomize", pod() + "---\n" + ACCOUNT.replace("NAME", "other"))
    rights = beside("rights", "kustomize", ACCOUNT.replace("NAME", "api"))
    found = account_of(app, rights)
    assert isinstance(found, Unknown)
    assert "rights" in found.reason


def test_what_a_variant_of_the_same_target_holds_is_missing_all_the_same() -> None:
    dev = beside("dev", "kustomize", pod() + "---\n" + ACCOUNT.replace("NAME", "other"))
    prod = beside("prod", "kustomize", pod() + "---\n" + ACCOUNT.replace("NAME", "api"))
    assert account_of(dev, prod) is False


@pytest.mark.parametrize(
    ("name", "sure"), [("api", True), ("prometheus", False), ("prometheus-k8s-db", False)]
)
def test_a_prometheus_makes_only_what_is_called_after_it(name: str, sure: bool) -> None:
    text = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s, namespace: prod}\n"
    world = World(
        beside(
            "app",
            "kustomize",
            pod()
            + "---\n"
            + text
            + "---\n"
            + ACCOUNT.replace("NAME", "other").replace("ServiceAccount", "ConfigMap"),
        )
    )
    owner = world.target.resources[0]
    found = Neighbours(world).missing(owner, "it", (("", "ConfigMap"),), (name,))
    assert (found is False) is sure


def test_a_gateway_makes_only_what_is_called_after_it() -> None:
    text = (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: public, namespace: prod}\n"
    )
    world = World(
        beside("app", "kustomize", pod() + "---\n" + text + "---\n" + ACCOUNT.replace("NAME", "other"))
    )
    owner, kinds = world.target.resources[0], (("", "ServiceAccount"),)
    assert Neighbours(world).missing(owner, "it", kinds, ("api",)) is False
    assert isinstance(Neighbours(world).missing(owner, "it", kinds, ("public-istio",)), Unknown)


@pytest.mark.parametrize(
    ("kind", "sure"), [("ConfigMap", True), ("ServiceAccount", True), ("Service", False)]
)
def test_a_maker_of_pods_makes_nothing_that_others_name(kind: str, sure: bool) -> None:
    text = "apiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {name: train, namespace: prod}\n"
    held = ACCOUNT.replace("NAME", "other").replace("ServiceAccount", kind)
    world = World(beside("app", "kustomize", f"{pod()}---\n{text}---\n{held}"))
    found = Neighbours(world).missing(world.target.resources[0], "it", (("", kind),), ("api",))
    assert (found is False) is sure
