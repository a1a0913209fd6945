"""Git ↔ cluster: what differs, who made it so, and what is left alone. Against an API server on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.drift.argocd import settings_of
from auditor.drift.compare import ABSENT, Difference, differences
from auditor.drift.ignored import ignored, jq_steps
from auditor.drift.managers import Manager, manager_of
from tests.unit.command import run
from tests.unit.fake_cluster import FakeCluster, serving

DRIFT = "DRF-001,DRF-002,DRF-003,DRF-004,DRF-005"

GIT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: inference, labels: {app: worker}}
spec:
  replicas: 0
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      containers:
      - name: worker
        image: registry.example/worker:1
        resources: {requests: {cpu: 500m, memory: 2Gi}}
        env: [{name: MODE, value: fast}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: inference}
data: {mode: fast}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: inference}
stringData: {key: do-not-show-this, other: nor-this}
"""


def owned(manager: str, time: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    """One entry of managedFields."""
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


def live_deployment() -> dict[str, Any]:
    """The Deployment as applied: defaulted, normalised, and owned by kubectl apply."""
    container = {
        "name": "worker",
        "image": "registry.example/worker:1",
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "0.5", "memory": "2048Mi"}},
        "env": [{"name": "MODE", "value": "fast"}],
    }
    fields = {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {}}}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "worker",
            "namespace": "inference",
            "labels": {"app": "worker"},
            "managedFields": [owned("kubectl-client-side-apply", "2026-04-01T10:00:00Z", fields)],
        },
        "spec": {
            "replicas": 0,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": "worker"}},
            "template": {
                "metadata": {"labels": {"app": "worker"}},
                "spec": {"containers": [container], "dnsPolicy": "ClusterFirst"},
            },
        },
    }


CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "inference"},
    "data": {"mode": "fast", "extra": "a controller's"},
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "token", "namespace": "inference"},
    "data": {"key": "c29tZXRoaW5nIGVsc2U=", "other": "YWdhaW4="},
}


def audited(tmp_path: Path, live: list[dict[str, Any]], git: str = GIT) -> list[dict[str, Any]]:
    """Failures of the drift policies, as the JSON report shows them."""
    tree = tmp_path / "git"
    tree.mkdir(exist_ok=True)
    (tree / "all.yaml").write_text(git)
    with serving(FakeCluster(live)) as cluster:
        config = cluster.kubeconfig(tmp_path)
        done = run(
            "check", "--live", "--git", tree, "--kubeconfig", config, "--policy", DRIFT, "--format", "json"
        )
    assert done.code in (0, 1), done.err
    found = json.loads(done.out).get("findings", [])
    assert "do-not-show-this" not in done.out and "c29tZXRoaW5n" not in done.out
    return [each for each in found if each["status"] == "fail"]


def test_what_runs_as_declared_is_no_drift(tmp_path: Path) -> None:
    assert audited(tmp_path, [live_deployment(), CONFIG_MAP, SECRET]) == []


def test_a_hand_edit_is_found_at_its_line_with_who_and_when(tmp_path: Path) -> None:
    live = live_deployment()
    live["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "quality"
    fields = {
        "f:spec": {
            "f:template": {
                "f:spec": {
                    "f:containers": {'k:{"name":"worker"}': {"f:env": {'k:{"name":"MODE"}': {"f:value": {}}}}}
                }
            }
        }
    }
    live["metadata"]["managedFields"].append(owned("kubectl-edit", "2026-04-02T11:12:13Z", fields))
    (found,) = audited(tmp_path, [live, CONFIG_MAP, SECRET])
    assert found["policy"] == "DRF-002"
    assert "quality" in found["message"] and "fast" in found["message"]
    assert "kubectl-edit (Update) at 2026-04-02T11:12:13Z" in found["message"]
    assert found["location"]["file"].endswith("all.yaml") and found["location"]["line"] == 15


def test_what_a_controller_sets_is_no_finding(tmp_path: Path) -> None:
    live = live_deployment()
    live["spec"]["replicas"] = 3
    scaled = owned(
        "kube-controller-manager", "2026-04-02T11:12:13Z", {"f:spec": {"f:replicas": {}}}, subresource="scale"
    )
    live["metadata"]["managedFields"] = [scaled]
    assert audited(tmp_path, [live, CONFIG_MAP, SECRET]) == []


def test_scaling_by_hand_is_a_finding(tmp_path: Path) -> None:
    live = live_deployment()
    live["spec"]["replicas"] = 3
    scaled = owned(
        "kubectl-scale", "2026-04-02T11:12:13Z", {"f:spec": {"f:replicas": {}}}, subresource="scale"
    )
    live["metadata"]["managedFields"].append(scaled)
    (found,) = audited(tmp_path, [live, CONFIG_MAP, SECRET])
    assert found["policy"] == "DRF-002" and "spec.replicas is 3" in found["message"]


def test_a_change_that_was_not_applied_is_told_from_one_by_hand(tmp_path: Path) -> None:
    live = live_deployment()
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/worker:0"
    (found,) = audited(tmp_path, [live, CONFIG_MAP, SECRET])
    assert found["policy"] == "DRF-004" and "worker:0" in found["message"]


def test_a_missing_object_and_an_orphan_are_found(tmp_path: Path) -> None:
    orphan = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "left-behind",
            "namespace": "inference",
            "managedFields": [owned("kubectl-client-side-apply", "2026-01-01T00:00:00Z", {"f:data": {}})],
        },
    }
    made = {**orphan, "metadata": {"name": "kube-root-ca.crt", "namespace": "inference"}}
    found = audited(tmp_path, [live_deployment(), SECRET, orphan, made])
    assert {(each["policy"], each["resource"]) for each in found} == {
        ("DRF-001", "/ConfigMap/inference/settings"),
        ("DRF-005", "/ConfigMap/inference/left-behind"),
    }


def test_secret_data_is_compared_by_key_names_only(tmp_path: Path) -> None:
    without = {**SECRET, "data": {"key": "c29tZXRoaW5nIGVsc2U="}}
    (found,) = audited(tmp_path, [live_deployment(), CONFIG_MAP, without])
    assert found["policy"] == "DRF-004" and "data.other is not set" in found["message"]


def test_a_finding_on_a_running_object_points_at_its_manifest(tmp_path: Path) -> None:
    tree = tmp_path / "git"
    tree.mkdir()
    (tree / "all.yaml").write_text(GIT)
    with serving(FakeCluster([live_deployment(), CONFIG_MAP, SECRET])) as cluster:
        config = cluster.kubeconfig(tmp_path)
        arguments = ("--git", tree, "--kubeconfig", config, "--policy", "RES-004", "--format", "json")
        done = run("check", "--live", *arguments)
    live, git = sorted(json.loads(done.out)["findings"], key=lambda each: each["location"].get("line", 0))
    assert live["location"]["file"] == "cluster:fake/apps/Deployment/inference/worker"
    (related,) = live["related"]
    assert related["what"] == "declared in Git"
    assert related["location"]["line"] == git["location"]["line"]


def test_two_targets_that_declare_one_object_are_not_guessed(tmp_path: Path) -> None:
    tree = tmp_path / "git"
    for env, image in (("dev", "1"), ("prod", "2")):
        folder = tree / env
        folder.mkdir(parents=True)
        (folder / "all.yaml").write_text(GIT.replace("worker:1", f"worker:{image}"))
        (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    with serving(FakeCluster([live_deployment(), CONFIG_MAP, SECRET])) as cluster:
        config = cluster.kubeconfig(tmp_path)
        arguments = ("check", "--live", "--git", tree, "--kubeconfig", config, "--policy", "DRF-004")
        done = run(*arguments, "--format", "json")
        found = json.loads(done.out)["findings"]
        assert {each["status"] for each in found} == {"not-assessed"}
        assert all("auditor.toml" in each["repair"] for each in found)
        (tree / "auditor.toml").write_text('[target.prod]\nmanifests = ["prod"]\ncluster = "fake"\n')
        done = run(*arguments, "--format", "json")
    failed = [each for each in json.loads(done.out)["findings"] if each["status"] == "fail"]
    assert [each["targets"] for each in failed] == [["prod"]]


@pytest.mark.parametrize(
    ("want", "have"),
    [
        ({"spec": {"a": {}, "b": [], "c": 0, "d": ""}}, {"spec": {}}),
        ({"spec": {"resources": {"limits": {"cpu": 1}}}}, {"spec": {"resources": {"limits": {"cpu": "1"}}}}),
        ({"spec": {"sizeLimit": "1024Mi"}}, {"spec": {"sizeLimit": "1Gi"}}),
        ({"spec": {"interval": "90s"}}, {"spec": {"interval": "1m30s"}}),
        (
            {"spec": {"ports": [{"port": 80, "targetPort": "http"}]}},
            {"spec": {"ports": [{"port": 80, "targetPort": "http", "protocol": "TCP", "nodePort": 30080}]}},
        ),
        (
            {"spec": {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]}},
            {"spec": {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}},
        ),
    ],
)
def test_spelling_order_and_defaults_are_no_difference(want: dict[str, Any], have: dict[str, Any]) -> None:
    assert differences(want, have) == []


@pytest.mark.parametrize(
    ("want", "have"),
    [
        ({"spec": {"args": ["a", "b"]}}, {"spec": {"args": ["b", "a"]}}),
        ({"spec": {"tolerations": [{"key": "x"}]}}, {"spec": {"tolerations": [{"key": "x"}, {"key": "y"}]}}),
        ({"spec": {"enabled": True}}, {"spec": {"enabled": 1}}),
        ({"spec": {"name": "1"}}, {"spec": {"name": "1.0"}}),
        ({"metadata": {"labels": {"team": "ml"}}}, {"metadata": {"labels": {}}}),
    ],
)
def test_what_means_something_else_is_a_difference(want: dict[str, Any], have: dict[str, Any]) -> None:
    assert len(differences(want, have)) == 1


def test_a_list_element_that_is_gone_is_one_difference() -> None:
    want = {"spec": {"volumes": [{"name": "a"}, {"name": "b"}]}}
    (found,) = differences(want, {"spec": {"volumes": [{"name": "b"}]}})
    assert found.path == ("spec", "volumes", 0) and found.have is ABSENT


def test_the_last_writer_of_a_path_is_named() -> None:
    live = {
        "metadata": {
            "managedFields": [
                owned("helm", "2026-01-01T00:00:00Z", {"f:spec": {"f:replicas": {}, "f:paused": {}}}),
                owned("kubectl-patch", "2026-02-01T00:00:00Z", {"f:spec": {"f:replicas": {}}}),
            ]
        },
        "spec": {"replicas": 2, "paused": True},
    }
    assert manager_of(live, ("spec", "replicas")).name == "kubectl-patch"
    assert manager_of(live, ("spec", "paused")).name == "helm"


@pytest.mark.parametrize(
    ("manager", "sort"),
    [
        (Manager("kubectl-edit", "Update"), "human"),
        (Manager("kubectl-client-side-apply", "Update"), "applier"),
        (Manager("anything", "Apply"), "applier"),
        (Manager("keda-operator", "Update"), "controller"),
        (Manager("kubectl-scale", "Update", "scale"), "human"),
        (Manager("python-script", "Update"), "program"),
    ],
)
def test_writers_are_told_apart(manager: Manager, sort: str) -> None:
    assert manager.sort == sort


LIVE = {"spec": {"replicas": 3, "containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}}


@pytest.mark.parametrize(
    ("entry", "path", "expected"),
    [
        ({"jsonPointers": ["/spec/replicas"]}, ("spec", "replicas"), True),
        ({"jsonPointers": ["/spec/replicas"]}, ("spec", "paused"), False),
        ({"jqPathExpressions": [".spec.containers[].image"]}, ("spec", "containers", 1, "image"), True),
        (
            {"jqPathExpressions": ['.spec.containers[] | select(.name == "a") | .image']},
            ("spec", "containers", 1, "image"),
            False,
        ),
        ({"managedFieldsManagers": ["vpa"]}, ("spec", "replicas"), True),
    ],
)
def test_ignored_differences_are_left_alone(
    entry: dict[str, Any], path: tuple[Any, ...], expected: bool
) -> None:
    assert ignored([entry], LIVE, at(path), [Manager("other"), Manager("vpa", "Update")]) is expected


def at(path: tuple[Any, ...], want: Any = 1, have: Any = 3) -> Difference:
    """A difference at a path that is the same on both sides."""
    return Difference(path, path, want, have)


def test_what_is_ignored_inside_of_a_difference_does_not_hide_the_rest() -> None:
    notes = ("spec", "template", "metadata", "annotations")
    entry = {"jsonPointers": ["/spec/template/metadata/annotations/restarted"]}
    lost = at(notes, {"restarted": "x"}, ABSENT)
    assert ignored([entry], LIVE, lost, []) is True
    assert ignored([entry], LIVE, lost._replace(want={"restarted": "x", "team": "ml"}), []) is False
    arguments = at(("spec", "args"), ["a", "b"], ["a", "c"])
    assert ignored([{"jsonPointers": ["/spec/args/1"]}], LIVE, arguments, []) is True
    assert ignored([{"jsonPointers": ["/spec/args/0"]}], LIVE, arguments, []) is False


def test_a_jq_expression_beyond_paths_leaves_the_question_open() -> None:
    assert jq_steps(".spec | to_entries[]") is None
    found = ignored([{"jqPathExpressions": [".spec | keys"]}], LIVE, at(("spec", "replicas")), [])
    assert not isinstance(found, bool)


APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: worker, namespace: argocd}
spec:
  project: ml
  source: {repoURL: https://git.example/repo, path: app, targetRevision: v1}
  destination: {server: https://kubernetes.default.svc, namespace: inference}
  ignoreDifferences:
  - {group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}
"""


def test_what_argo_cd_ignores_is_no_drift_and_its_orphans_are_found(tmp_path: Path) -> None:
    tree = tmp_path / "git"
    (tree / "app").mkdir(parents=True)
    (tree / "app" / "all.yaml").write_text(GIT)
    (tree / "application.yaml").write_text(APPLICATION)
    live = live_deployment()
    live["spec"]["replicas"] = 3
    scaled = owned(
        "kubectl-scale", "2026-04-02T11:12:13Z", {"f:spec": {"f:replicas": {}}}, subresource="scale"
    )
    live["metadata"]["managedFields"].append(scaled)
    left = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "left-behind",
            "namespace": "inference",
            "annotations": {"argocd.argoproj.io/tracking-id": "worker:/ConfigMap:inference/left-behind"},
        },
    }
    kept = json.loads(json.dumps(left))
    kept["metadata"]["name"] = "kept"
    kept["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "worker:/ConfigMap:inference/kept"
    copy = json.loads(json.dumps(left))
    copy["metadata"]["name"] = "copied-with-its-annotations"
    kept["metadata"]["annotations"]["argocd.argoproj.io/compare-options"] = "IgnoreExtraneous"
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "worker", "namespace": "argocd"},
    }
    with serving(FakeCluster([live, CONFIG_MAP, SECRET, left, kept, copy, application])) as cluster:
        config = cluster.kubeconfig(tmp_path)
        arguments = ("--git", tree, "--kubeconfig", config, "--policy", DRIFT, "--format", "json")
        done = run("check", "--live", *arguments)
    found = [
        each for each in json.loads(done.out)["findings"] if each["resource"].startswith(("apps", "/Config"))
    ]
    assert [(each["policy"], each["resource"]) for each in found if each["status"] == "fail"] == [
        ("DRF-005", "/ConfigMap/inference/left-behind")
    ]


def synced(tmp_path: Path, cluster: FakeCluster) -> list[dict[str, Any]]:
    """What is found where an Application that ignores nothing deploys the Deployment and the replicas differ."""
    tree = tmp_path / "git"
    (tree / "app").mkdir(parents=True)
    (tree / "app" / "all.yaml").write_text(GIT)
    (tree / "application.yaml").write_text(APPLICATION.partition("  ignoreDifferences:")[0])
    with serving(cluster):
        config = cluster.kubeconfig(tmp_path)
        arguments = ("--git", tree, "--kubeconfig", config, "--policy", DRIFT, "--format", "json")
        found: list[dict[str, Any]] = json.loads(run("check", "--live", *arguments).out)["findings"]
    return [each for each in found if each["resource"].startswith("apps/Deployment")]


def scaled_by_hand() -> list[dict[str, Any]]:
    """The Deployment with other replicas than Git's, its companions, and the Application."""
    live = live_deployment()
    live["spec"]["replicas"] = 3
    scaled = owned(
        "kubectl-scale", "2026-04-02T11:12:13Z", {"f:spec": {"f:replicas": {}}}, subresource="scale"
    )
    live["metadata"]["managedFields"].append(scaled)
    meta = {"name": "worker", "namespace": "argocd"}
    application = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": meta}
    return [live, CONFIG_MAP, SECRET, application]


def argocd_cm(data: dict[str, str]) -> dict[str, Any]:
    """Argo CD's own settings."""
    meta = {"name": "argocd-cm", "namespace": "argocd"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


CUSTOM = "resource.customizations"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, ["fail"]),
        ({f"{CUSTOM}.ignoreDifferences.apps_Deployment": "jsonPointers: [/spec/replicas]"}, []),
        ({f"{CUSTOM}.ignoreDifferences.all": "managedFieldsManagers: [kubectl-scale]"}, []),
        ({f"{CUSTOM}.ignoreDifferences.apps_StatefulSet": "jsonPointers: [/spec/replicas]"}, ["fail"]),
        ({f"{CUSTOM}.ignoreDifferences.Deployment": "jsonPointers: [/spec/replicas]"}, ["fail"]),
        ({CUSTOM: "apps/*:\n  ignoreDifferences: |\n    jqPathExpressions: [.spec.replicas]\n"}, []),
        (
            {f"{CUSTOM}.ignoreDifferences.apps_Deployment": "jqPathExpressions: ['.spec | keys']"},
            ["not-assessed"],
        ),
        ({f"{CUSTOM}.ignoreDifferences.apps_Deployment": "jsonPointers: ["}, ["fail"]),
    ],
)
def test_what_argo_cd_ignores_everywhere_is_no_drift(
    tmp_path: Path, data: dict[str, str], expected: list[str]
) -> None:
    found = synced(tmp_path, FakeCluster([*scaled_by_hand(), argocd_cm(data)]))
    assert [each["status"] for each in found] == expected


def test_settings_of_argo_cd_that_may_not_be_read_leave_differences_open(tmp_path: Path) -> None:
    cluster = FakeCluster(scaled_by_hand())
    cluster.refuse("configmaps")
    found = synced(tmp_path, cluster)
    assert [(each["policy"], each["status"]) for each in found] == [("DRF-002", "not-assessed")]
    assert "configmaps" in found[0]["repair"]


def test_a_label_makes_no_orphan_where_argo_cd_goes_by_annotations() -> None:
    assert settings_of({"application.resourceTrackingMethod": "annotation"}).label == ""
    assert settings_of({"application.instanceLabelKey": "argocd.example/app"}).label == "argocd.example/app"
    assert settings_of({}).label == "app.kubernetes.io/instance"


def test_a_cluster_bears_the_name_that_the_configuration_gives_it(tmp_path: Path) -> None:
    tree = tmp_path / "git"
    tree.mkdir()
    (tree / "all.yaml").write_text(GIT)
    (tree / "auditor.toml").write_text('[target.prod]\nmanifests = ["all.yaml"]\ncluster = "prod"\n')
    with serving(FakeCluster([live_deployment(), SECRET])) as cluster:
        arguments = ("--git", tree, "--kubeconfig", cluster.kubeconfig(tmp_path), "--policy", "DRF-001")
        plain = run("check", "--live", *arguments, "--format", "json")
        named = run("check", "--live", "--cluster-name", "prod", *arguments, "--format", "json")
    assert plain.code == 0 and named.code == 1
    (found,) = [each for each in json.loads(named.out)["findings"] if each["status"] == "fail"]
    assert found["title"] == "ConfigMap inference/settings" and "cluster prod" in found["message"]


def test_a_hook_that_a_sync_left_is_no_orphan(tmp_path: Path) -> None:
    hook = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "before-sync",
            "namespace": "inference",
            "annotations": {"argocd.argoproj.io/hook": "PreSync"},
            "managedFields": [owned("argocd-controller", "2026-04-01T10:00:00Z", {"f:spec": {}})],
        },
    }
    plain = json.loads(json.dumps(hook))
    plain["metadata"] |= {"name": "left", "annotations": {}}
    found = audited(tmp_path, [live_deployment(), CONFIG_MAP, SECRET, hook, plain])
    assert [each["resource"] for each in found] == ["/ConfigMap/inference/left"]


KUSTOMIZATIONS = {
    "base/kustomization.yaml": "resources: [all.yaml]",
    "base/all.yaml": GIT,
    "warm/kustomization.yaml": "resources: [../base, warm.yaml]",
    "warm/warm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: warm, namespace: inference}\n",
    "auditor.toml": '[target.prod]\nmanifests = ["argocd:worker", "warm"]\ncluster = "prod"\n',
}


def test_an_alternative_that_nobody_deploys_is_missing_nowhere(tmp_path: Path) -> None:
    tree = tmp_path / "git"
    for name, text in KUSTOMIZATIONS.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "application.yaml").write_text(APPLICATION.replace("path: app", "path: base"))
    with serving(FakeCluster([live_deployment(), CONFIG_MAP, SECRET])) as cluster:
        config = cluster.kubeconfig(tmp_path)
        flags = ("--git", tree, "--kubeconfig", config, "--cluster-name", "prod", "--policy", DRIFT)
        done = run("check", "--live", *flags, "--format", "json")
    report = json.loads(done.out)
    assert "warm" in {each["name"].rpartition(":")[2] for each in report["targets"]}
    assert [each["resource"] for each in report.get("findings", []) if each["status"] == "fail"] == []
