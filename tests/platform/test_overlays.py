"""Every overlay renders, fits the real schemas, and keeps what the platform promises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.platform import definitions
from tests.platform.overlays import (
    PLATFORM,
    Object,
    one,
    overlays,
    read,
    rendered,
    strings,
    with_component,
)

PLACEHOLDER = re.compile(r"\b(QUEUE|BUCKET|DIGEST|REGION|ROLE|SUBNET|REGISTRY|ENVIRONMENT)\b")
KUBERNETES = "1.35"


def problems(body: Object) -> list[str]:
    """What the schema of its kind says against an object."""
    if (body["apiVersion"], body["kind"]) in definitions.schemas():
        return definitions.errors(body)
    try:
        kubernetes_validate.validate(body, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [str(error.message)]
    return []


@pytest.mark.parametrize("overlay", overlays())
def test_an_overlay_renders_and_fits_the_schemas(overlay: str) -> None:
    objects = rendered(overlay)
    assert objects
    found = {f"{each['kind']} {each['metadata']['name']}": problems(each) for each in objects}
    assert {name: listed for name, listed in found.items() if listed} == {}


@pytest.mark.parametrize("overlay", overlays())
def test_nothing_is_left_to_be_filled_in(overlay: str) -> None:
    left = [text for each in rendered(overlay) for text in strings(each) if PLACEHOLDER.search(text)]
    assert left == []


def test_the_schemas_refuse_what_they_should() -> None:
    scaler = one("apps/dev", "ScaledObject", "ml-worker")
    assert problems({**scaler, "spec": {**scaler["spec"], "minReplicas": 0}})
    worker = one("apps/dev", "Deployment", "ml-worker")
    assert problems({**worker, "spec": {**worker["spec"], "replica": 0}})


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_definitions_deployed_are_those_validated_here(environment: str) -> None:
    elements = one(f"clusters/{environment}/applications", "ApplicationSet", "definitions")["spec"][
        "generators"
    ][0]
    versions = {each["name"]: each["revision"] for each in elements["list"]["elements"]}
    assert versions["keda-definitions"] == definitions.version_of("github.com/kedacore/keda/v2")
    module = "github.com/prometheus-operator/prometheus-operator"
    assert versions["prometheus-definitions"] == definitions.version_of(module)


def test_prod_runs_one_tag_everywhere_and_dev_the_branch() -> None:
    pin = one("clusters/prod/release", "Application", "platform")["spec"]["source"]["targetRevision"]
    assert own_revisions("prod") == {pin}
    assert re.fullmatch(r"prod-\d+", pin)
    assert own_revisions("dev") == {"main"}


def own_revisions(environment: str) -> set[str]:
    """Revisions at which an environment's ApplicationSets read this repository."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if str(value.get("repoURL", "")).endswith("gpu-inference-platform.git"):
                found.add(value.get("targetRevision") or value["revision"])
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(
        [
            each
            for each in rendered(f"clusters/{environment}/applications")
            if each["kind"] == "ApplicationSet"
        ]
    )
    return found


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_waves_go_definitions_controllers_configs_apps(environment: str) -> None:
    sets = [
        each for each in rendered(f"clusters/{environment}/applications") if each["kind"] == "ApplicationSet"
    ]
    waves = {
        each["metadata"]["name"]: int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for each in sets
    }
    assert (
        waves["definitions"]
        < waves["controllers"]
        == waves["node-autoscaler"]
        < waves["configs"]
        < waves["apps"]
    )


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_kind_that_an_application_deploys_is_allowed_by_its_project(environment: str) -> None:
    projects = {
        each["metadata"]["name"]: each["spec"]
        for each in rendered(f"clusters/{environment}/applications")
        if each["kind"] == "AppProject"
    }
    for project, overlay in (
        ("platform", "infrastructure/namespaces"),
        ("platform", f"infrastructure/configs/{environment}"),
        ("inference", f"apps/{environment}"),
    ):
        for body in rendered(overlay):
            assert allowed(projects[project], body), (project, body["kind"])


def allowed(project: dict[str, Any], body: Object) -> bool:
    group = body["apiVersion"].rpartition("/")[0]
    wanted = {"group": group, "kind": body["kind"]}
    namespace = body["metadata"].get("namespace")
    if namespace is None:
        return wanted in project["clusterResourceWhitelist"]
    kinds = project.get("namespaceResourceWhitelist")
    return (kinds is None or wanted in kinds) and namespace in {
        each["namespace"] for each in project["destinations"]
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_namespace_denies_what_nothing_allows(environment: str) -> None:
    namespaces = {
        each["metadata"]["name"]
        for each in rendered("infrastructure/namespaces")
        if each["kind"] == "Namespace"
    }
    denied = {
        each["metadata"]["namespace"]
        for each in rendered(f"infrastructure/configs/{environment}")
        if each["kind"] == "NetworkPolicy"
        and each["spec"]["podSelector"] == {}
        and set(each["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not each["spec"].get("ingress")
        and not each["spec"].get("egress")
    }
    assert denied == namespaces


def test_karpenter_takes_the_cluster_autoscalers_place(tmp_path: Path) -> None:
    objects = with_component("clusters/prod/applications", "clusters/karpenter", tmp_path)
    assert {each["metadata"]["name"]: problems(each) for each in objects if problems(each)} == {}
    (found,) = [each for each in objects if each["metadata"]["name"] == "node-autoscaler"]
    chart, _, pools = found["spec"]["template"]["spec"]["sources"]
    version = definitions.version_of("github.com/aws/karpenter-provider-aws").removeprefix("v")
    assert (chart["chart"], chart["targetRevision"]) == ("karpenter", version)
    (project,) = [
        each for each in objects if each["kind"] == "AppProject" and each["metadata"]["name"] == "platform"
    ]
    assert chart["repoURL"] in project["spec"]["sourceRepos"]
    for body in rendered(pools["path"]):
        assert allowed(project["spec"], body)


def test_no_folder_of_the_platform_is_a_python_package() -> None:
    assert not [*PLATFORM.rglob("__init__.py")]


def test_no_file_holds_a_document_that_nothing_deploys() -> None:
    """A manifest beside the kustomizations that none of them names is a change that never arrives."""
    used = {path for each in PLATFORM.rglob("kustomization.yaml") for path in named_files(each)}
    roots = {PLATFORM / f"clusters/{each}/root.yaml" for each in ("dev", "prod")}
    for folder in (
        "apps",
        "clusters",
        "infrastructure/configs",
        "infrastructure/namespaces",
        "bootstrap/argocd",
    ):
        for path in (PLATFORM / folder).rglob("*.yaml"):
            assert path.name == "kustomization.yaml" or path in used | roots, path


def named_files(kustomization: Any) -> set[Any]:
    body = read(kustomization)[0]
    generated = [name for each in body.get("configMapGenerator", []) for name in each.get("files", [])]
    names = [*body.get("resources", []), *body.get("configurations", []), *generated]
    return {kustomization.parent / name for name in names if name.endswith(".yaml")}
