"""Applications: what each deploys from this repository, and what becomes a row instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.fixes import Refused
from auditor.sources.argocd.overrides import OverriddenOrigin, overridden
from auditor.sources.git import GitOptions, GitSource
from auditor.sources.interface import Inventory
from auditor.sources.tree import Tree

BUILT = Path.home() / ".cache/auditor/bin/helm"
REPO = "https://git.example.com/org/platform.git"


def deployment(name: str, namespace: str = "") -> str:
    space = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n{space}spec:\n  replicas: 1\n"
        "  template:\n    spec:\n      containers:\n        - name: main\n          image: nginx\n"
    )


def application(name: str, source: str, namespace: str = "web") -> str:
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
  namespace: argocd
spec:
  destination: {{namespace: {namespace}}}
  source:
    repoURL: {REPO}
{source}"""


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def collect(root: Path, **options: object) -> Inventory:
    return GitSource(Tree(root), GitOptions(**options)).collect()  # type: ignore[arg-type]


def shown(inventory: Inventory) -> dict[str, list[str]]:
    return {
        target.name: sorted(f"{each.kind}/{each.namespace}/{each.name}" for each in target.resources)
        for target in inventory.targets
    }


def test_a_directory_is_deployed_into_the_applications_namespace(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "argo/web.yaml": application("web", "    path: web\n"),
            "web/a.yaml": deployment("a"),
            "web/b.yaml": deployment("b", "other"),
            "web/space.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n",
            "web/deep/c.yaml": deployment("c"),
            "web/skip.yaml": "# +argocd:skip-file-rendering\n" + deployment("skipped"),
        },
    )
    assert shown(collect(root)) == {
        "argocd:web": ["Deployment/other/b", "Deployment/web/a", "Namespace//web"],
        "loose": ["Application/argocd/web", "Deployment//c", "Deployment//skipped"],
    }


def test_recurse_include_and_exclude_choose_the_files(tmp_path: Path) -> None:
    source = (
        "    path: web\n    directory: {recurse: true, include: '*.yaml', exclude: '{deep/b.yaml,x/*}'}\n"
    )
    root = write(
        tmp_path,
        {
            "argo.yaml": application("web", source),
            "web/a.yaml": deployment("a"),
            "web/deep/b.yaml": deployment("b"),
            "web/deep/c.yaml": deployment("c"),
            "web/d.yml": deployment("d"),
        },
    )
    assert shown(collect(root))["argocd:web"] == ["Deployment/web/a", "Deployment/web/c"]


def test_a_kustomization_is_the_applications_and_no_target_of_its_own(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "argo.yaml": application("web", "    path: web/prod\n"),
            "web/prod/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\n",
            "web/base/kustomization.yaml": "resources: [a.yaml]\n",
            "web/base/a.yaml": deployment("a"),
        },
    )
    inventory = collect(root)
    assert shown(inventory) == {"argocd:web": ["Deployment/web/p-a"], "loose": ["Application/argocd/web"]}
    assert [each.kind for each in inventory.targets] == ["argocd", "loose"]


def test_overrides_are_rendered_and_shown_at_the_application(tmp_path: Path) -> None:
    source = """\
    path: base
    kustomize:
      namePrefix: x-
      images: [nginx:1.2, 'old=new@sha256:00']
      commonLabels: {team: ml}
      replicas: [{name: a, count: '3'}]
      patches:
        - target: {kind: Deployment}
          patch: '[{"op": "add", "path": "/spec/paused", "value": true}]'
"""
    root = write(
        tmp_path,
        {
            "argo.yaml": application("web", source),
            "base/kustomization.yaml": "resources: [a.yaml]\n",
            "base/a.yaml": deployment("a"),
        },
    )
    inventory = collect(root)
    assert shown(inventory)["argocd:web"] == ["Deployment/web/x-a"]
    (resource,) = inventory.targets[0].resources
    assert resource.body["spec"]["replicas"] == 3 and resource.body["spec"]["paused"] is True
    main = ("spec", "template", "spec", "containers", 0)
    assert resource.body["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.2"
    origin = resource.origin
    assert isinstance(origin, OverriddenOrigin)
    base, changed = origin.locate((*main, "name")), origin.locate((*main, "image"))
    assert base.span is not None and (base.file, base.span.line) == ("base/a.yaml", 10)
    assert changed.span is not None and (changed.file, changed.span.line) == ("argo.yaml", 11)
    assert changed.note == "set by Application web; the object is from base/a.yaml"
    assert origin.editable_at((*main, "securityContext")).file == "base/a.yaml"
    with pytest.raises(Refused, match=r"change it there by hand \(argo\.yaml:11\)"):
        origin.editable_at((*main, "image"))


def test_overrides_replace_entries_of_the_same_name() -> None:
    body = {
        "images": [{"name": "a", "newTag": "1"}, {"name": "b", "newTag": "1"}],
        "labels": [{"pairs": {"x": "y"}}],
    }
    settings = {
        "images": ["a:2", "c=registry:5000/d:3"],
        "commonLabels": {"k": "v"},
        "labelWithoutSelector": True,
    }
    assert overridden(body, settings) == {
        "images": [
            {"name": "b", "newTag": "1"},
            {"name": "a", "newTag": "2"},
            {"name": "c", "newName": "registry:5000/d", "newTag": "3"},
        ],
        "labels": [{"pairs": {"x": "y"}}, {"pairs": {"k": "v"}}],
    }


def test_applications_that_applications_deploy_are_found(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "root.yaml": application("root", "    path: apps\n"),
            "apps/kustomization.yaml": "resources: [one.yaml]\nnamePrefix: team-\n",
            "apps/one.yaml": application("one", "    path: one\n"),
            "one/a.yaml": deployment("a"),
        },
    )
    assert shown(collect(root)) == {
        "argocd:root": ["Application/argocd/team-one"],
        "argocd:team-one": ["Deployment/web/a"],
        "loose": ["Application/argocd/root"],
    }


def test_applications_that_deploy_each_other_end(tmp_path: Path) -> None:
    root = write(tmp_path, {"a/a.yaml": application("a", "    path: a\n")})
    assert shown(collect(root)) == {"argocd:a": ["Application/argocd/a"]}


def test_an_application_set_gives_a_target_for_each_application(tmp_path: Path) -> None:
    body = f"""\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: all, namespace: argocd}}
spec:
  goTemplate: true
  generators:
    - git: {{repoURL: {REPO}, directories: [{{path: 'apps/*'}}]}}
  template:
    metadata:
      name: '{{{{ .path.basename }}}}'
    spec:
      destination: {{namespace: '{{{{ .path.basename }}}}-system'}}
      source:
        repoURL: {REPO}
        path: '{{{{ .path.path }}}}'
"""
    root = write(
        tmp_path, {"set.yaml": body, "apps/a/x.yaml": deployment("a"), "apps/b/x.yaml": deployment("b")}
    )
    assert shown(collect(root)) == {
        "argocd:a": ["Deployment/a-system/a"],
        "argocd:b": ["Deployment/b-system/b"],
        "loose": ["ApplicationSet/argocd/all"],
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("    chart: redis\n", "deploys the chart redis"),
        ("    path: gone\n", "deploys gone from"),
        ("    path: ../../etc\n", "deploys ../../etc from"),
        ("    path: .\n", "deploys the root of"),
        ("    path: web\n    plugin: {name: x}\n", "config management plugin"),
        ("    path: jsonnet\n", "Jsonnet"),
        ("    path: web\n    kustomize: {}\n    directory: null\n", "holds no kustomization"),
        ("    path: web\n    helm: {releaseName: x}\n", "holds no chart"),
        ("    path: over\n    kustomize: {components: [../c]}\n", "kustomize.components"),
    ],
)
def test_what_is_not_known_here_is_a_row_at_the_source(tmp_path: Path, source: str, said: str) -> None:
    root = write(
        tmp_path,
        {
            "argo.yaml": application("web", source),
            "web/a.yaml": deployment("a"),
            "jsonnet/a.jsonnet": "{}",
            "over/kustomization.yaml": "namePrefix: a\n",
        },
    )
    inventory = collect(root)
    (gap,) = inventory.gaps
    assert (gap.file, gap.line) == ("argo.yaml", 8)
    assert gap.what.startswith("Application web ") and said in gap.what
    assert not [target for target in inventory.targets if target.kind == "argocd"]


def test_generators_that_need_more_than_the_repository_are_a_row(tmp_path: Path) -> None:
    body = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\n"
        "spec:\n  generators:\n    - clusters: {}\n"
    )
    (gap,) = collect(write(tmp_path, {"set.yaml": body})).gaps
    assert (gap.file, gap.line) == ("set.yaml", 5) and "clusters" in gap.what


def test_the_configuration_says_which_repositories_are_this_one(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"argo.yaml": application("web", "    path: web\n"), "web/a.yaml": deployment("a")}
    )
    here = collect(root, argocd_repositories=("git@git.example.com:org/platform",))
    assert "argocd:web" in shown(here) and not here.gaps
    elsewhere = collect(root, argocd_repositories=("https://git.example.com/org/other",))
    assert "another repository" in elsewhere.gaps[0].what and "argocd:web" not in shown(elsewhere)


def test_two_applications_of_one_name_stay_two_targets(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "dev/argo.yaml": application("web", "    path: web\n"),
            "prod/argo.yaml": application("web", "    path: web\n", "prod"),
            "web/a.yaml": deployment("a"),
        },
    )
    found = shown(collect(root))
    assert found["argocd:web"] == ["Deployment/web/a"] and found["argocd:web:web"] == ["Deployment/prod/a"]


def test_no_render_leaves_applications_alone(tmp_path: Path) -> None:
    root = write(
        tmp_path, {"argo.yaml": application("web", "    path: web\n"), "web/a.yaml": deployment("a")}
    )
    assert shown(collect(root, render=False)) == {"loose": ["Application/argocd/web", "Deployment//a"]}


@pytest.mark.parametrize("spec", ["[]", "{source: [], destination: 1}", "{sources: [1, {path: 3}]}", "null"])
def test_wrong_types_cost_a_row_and_no_more(tmp_path: Path, spec: str) -> None:
    body = f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec: {spec}\n"
    inventory = collect(write(tmp_path, {"argo.yaml": body}))
    assert inventory.gaps and [target.name for target in inventory.targets] == ["loose"]


VALUES = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  destination: {namespace: web}
  sources:
    - repoURL: https://git.example.com/org/platform
      path: chart
      helm:
        valueFiles: [small.yaml, /common/all.yaml, $values/envs/prod.yaml, gone.yaml]
        ignoreMissingValueFiles: true
        valuesObject: {object: '5'}
        parameters: [{name: parameter, value: 'a,b'}, {name: text, value: '7', forceString: true}]
        fileParameters: [{name: file, path: notes.txt}]
    - repoURL: https://git.example.com/org/values
      ref: values
"""
PRINTED = ("own", "small", "common", "prod", "object", "parameter", "text", "file")


@pytest.mark.slow
def test_a_charts_values_come_in_argo_cds_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.environ.get("AUDITOR_HELM") and BUILT.exists():
        monkeypatch.setenv("AUDITOR_HELM", str(BUILT))
    lines = "".join(f"  {name}: {{{{ .Values.{name} | quote }}}}\n" for name in PRINTED)
    root = write(
        tmp_path,
        {
            "argo.yaml": VALUES,
            "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
            "chart/values.yaml": "".join(f"{name}: '1'\n" for name in PRINTED),
            "chart/small.yaml": "{small: '2', common: '2', prod: '2', object: '2', parameter: '2'}\n",
            "common/all.yaml": "{common: '3', prod: '3', object: '3', parameter: '3'}\n",
            "envs/prod.yaml": "{prod: '4', object: '4', parameter: '4'}\n",
            "chart/notes.txt": "8",
            "chart/templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n"
            + lines,
        },
    )
    inventory = collect(root)
    assert not inventory.gaps and not inventory.problems
    assert shown(inventory)["argocd:web"] == ["ConfigMap/web/x"]
    assert not [target for target in inventory.targets if target.kind == "helm"]
    resource = next(target for target in inventory.targets if target.kind == "argocd").resources[0]
    expected = dict(zip(PRINTED, ("1", "2", "3", "4", "5", "a,b", "7", "8"), strict=True))
    assert resource.body["data"] == expected
    assert resource.origin.locate(("data", "object")).note.startswith("set by Application web (argo.yaml:")
    assert resource.origin.locate(("data", "prod")).note == "set by envs/prod.yaml: prod (line 1)"
