"""Kustomizations: what is rendered, what is claimed, and what becomes a row instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.model import Target
from auditor.sources.git import GitOptions, GitSource
from auditor.sources.interface import Inventory
from auditor.sources.kustomize.slim import slim
from auditor.sources.tree import Tree
from auditor.yamlio import load_stream

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: main
          image: nginx
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: foos.example.com
spec:
  group: example.com
  names: {kind: Foo, plural: foos}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
# a comment between
          properties:
            spec: {type: object}
      subresources:
        status: {}
"""


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def collect(root: Path, **options: bool) -> Inventory:
    return GitSource(Tree(root), GitOptions(**options)).collect()


def names(target: Target) -> list[str]:
    return sorted(f"{each.kind}/{each.name}" for each in target.resources)


def test_only_kustomizations_that_no_other_includes_are_targets(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "base/kustomization.yaml": "resources: [web.yaml]\n",
            "base/web.yaml": DEPLOYMENT,
            "dev/kustomization.yaml": "resources: [../base]\nnamePrefix: dev-\n",
            "prod/kustomization.yaml": "resources: [../base]\nnamespace: prod\n",
        },
    )
    inventory = collect(root)
    assert [(t.name, t.kind, names(t)) for t in inventory.targets] == [
        ("dev", "kustomize", ["Deployment/dev-web"]),
        ("prod", "kustomize", ["Deployment/web"]),
    ]
    assert inventory.targets[1].resources[0].namespace == "prod"
    assert not inventory.problems and not inventory.gaps


def test_what_is_rendered_is_not_judged_again_and_the_rest_stays_loose(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "app/kustomization.yaml": "resources: [web.yaml]\npatches: [{path: patch.yaml}]\n",
            "app/web.yaml": DEPLOYMENT,
            "app/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n",
            "other.yaml": DEPLOYMENT.replace("web", "other"),
        },
    )
    inventory = collect(root)
    assert [(t.name, names(t)) for t in inventory.targets] == [
        ("app", ["Deployment/web"]),
        ("loose", ["Deployment/other"]),
    ]
    assert inventory.targets[0].resources[0].body["spec"]["replicas"] == 2


def test_no_render_leaves_patches_and_kustomizations_out_of_the_loose_rest(tmp_path: Path) -> None:
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n"
    root = write(
        tmp_path,
        {
            "kustomization.yaml": (
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [web.yaml]\n"
                "patchesStrategicMerge: [merge.yaml]\npatches: [{path: patch.yaml}]\n"
                "configMapGenerator: [{name: c, files: [key=data.yaml]}]\ntransformers: [labels.yaml]\n"
            ),
            "web.yaml": DEPLOYMENT,
            "merge.yaml": patch,
            "patch.yaml": patch,
            "data.yaml": DEPLOYMENT,
            "labels.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {a: b}\n",
        },
    )
    inventory = collect(root, render=False)
    assert [(t.kind, names(t)) for t in inventory.targets] == [("loose", ["Deployment/web"])]
    assert [r.origin.file for r in inventory.targets[0].resources] == ["web.yaml"]


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.com/manifests.yaml",
        "github.com/org/repo/path?ref=v1",
        "git::https://example.com/org/repo",
        "git@github.com:org/repo.git",
        "ssh://git@example.com/repo",
        "https://user:secret@example.com/x.yaml",
    ],
)
def test_whatever_needs_a_remote_base_is_a_row_with_its_line_and_no_request(
    tmp_path: Path, reference: str
) -> None:
    root = write(
        tmp_path,
        {
            "over/kustomization.yaml": "resources:\n  - ../base\n  - ../far\n",
            "far/kustomization.yaml": f"resources:\n  - {reference}\n",
            "base/kustomization.yaml": "resources: [web.yaml]\n",
            "base/web.yaml": DEPLOYMENT,
        },
    )
    inventory = collect(root)
    assert [gap.what.split(" needs ")[0] for gap in inventory.gaps] == [
        "far: not rendered,",
        "over: not rendered,",
    ]
    assert all((gap.file, gap.line) == ("far/kustomization.yaml", 2) for gap in inventory.gaps)
    assert inventory.unrendered == {"far": frozenset(), "over": frozenset({"base/web.yaml"})}
    assert "secret" not in str(inventory.gaps)
    assert not inventory.problems
    assert [(t.name, names(t)) for t in inventory.targets] == [("base", ["Deployment/web"])]


def test_plugins_functions_and_charts_are_named_and_never_run(tmp_path: Path) -> None:
    function = (
        "apiVersion: example.com/v1\nkind: Evil\nmetadata:\n  name: x\n  annotations:\n"
        "    config.kubernetes.io/function: |\n      exec: {path: ./evil.sh}\n"
    )
    root = write(
        tmp_path,
        {
            "a/kustomization.yaml": "transformers: [evil.yaml]\n",
            "a/evil.yaml": function,
            "a/evil.sh": f"#!/bin/sh\ntouch {tmp_path}/ran\n",
            "b/kustomization.yaml": "generators:\n  - |-\n    apiVersion: example.com/v1\n    kind: Evil\n",
            "c/kustomization.yaml": "helmCharts: [{name: redis, repo: https://charts.example.com}]\n",
        },
    )
    (root / "a/evil.sh").chmod(0o755)
    inventory = collect(root)
    assert [gap.file for gap in sorted(inventory.gaps)] == [
        "a/kustomization.yaml",
        "b/kustomization.yaml",
        "c/kustomization.yaml",
    ]
    assert "Evil" in inventory.gaps[0].what and "redis" in inventory.gaps[2].what
    assert not (tmp_path / "ran").exists() and not inventory.targets


def test_nothing_outside_the_audited_directory_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"secret.env": "password=hunter2\n", "base/kustomization.yaml": "namePrefix: a\n"})
    root = write(
        tmp_path / "tree",
        {
            "a/kustomization.yaml": "secretGenerator: [{name: s, envs: [../../secret.env]}]\n",
            "b/kustomization.yaml": "resources: [../../base]\n",
            "c/kustomization.yaml": "configMapGenerator: [{name: s, files: [link]}]\n",
            "d/kustomization.yaml": "configMapGenerator: [{name: s, files: [/etc/passwd]}]\n",
        },
    )
    (root / "c/link").symlink_to(tmp_path / "secret.env")
    inventory = collect(root)
    assert not inventory.targets
    assert [gap.file[0] for gap in sorted(inventory.gaps)] == ["a", "b", "d"]
    assert [problem.file for problem in inventory.problems] == ["c/kustomization.yaml", "c/link"]
    assert "hunter2" not in str(inventory)


def test_a_missing_file_and_broken_yaml_are_problems_at_their_line(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "a/kustomization.yaml": "resources:\n  - web.yaml\n  - gone.yaml\n",
            "a/web.yaml": DEPLOYMENT,
            "b/kustomization.yaml": "resources: [\n",
            "c/kustomization.yaml": "- a\n- list\n",
            "d/kustomization.yaml": "resources: [web.yaml]\nunknownField: 1\n",
            "d/web.yaml": DEPLOYMENT,
        },
    )
    inventory = collect(root)
    problems = {problem.file: problem for problem in inventory.problems}
    assert [*sorted(problems)] == [f"{folder}/kustomization.yaml" for folder in "abcd"]
    assert problems["a/kustomization.yaml"].line == 3 and "gone.yaml" in problems["a/kustomization.yaml"].what
    assert "unknownField" in problems["d/kustomization.yaml"].what
    assert str(tmp_path) not in str(inventory.problems) and "auditor-" not in str(inventory.problems)
    assert [(t.kind, len(t.resources)) for t in inventory.targets] == [("loose", 2)]


def test_kustomizations_that_include_each_other_give_one_row(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"},
    )
    inventory = collect(root)
    (problem,) = inventory.problems
    assert "cycle" in problem.what


def test_without_a_renderer_each_root_is_a_gap_and_its_objects_are_judged_as_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, {"app/kustomization.yaml": "resources: [web.yaml]\n", "app/web.yaml": DEPLOYMENT})
    monkeypatch.setenv("PATH", str(tmp_path))
    inventory = collect(root)
    (gap,) = inventory.gaps
    assert gap.file == "app/kustomization.yaml" and "kubectl" in gap.repair
    assert [(t.kind, names(t)) for t in inventory.targets] == [("loose", ["Deployment/web"])]


def test_a_flux_object_in_a_file_of_that_name_is_a_manifest(tmp_path: Path) -> None:
    flux = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\nspec: {}\n"
    )
    inventory = collect(write(tmp_path, {"kustomization.yaml": flux}))
    assert [names(t) for t in inventory.targets] == [["Kustomization/apps"]] and not inventory.problems


def test_the_request_for_origins_leaves_no_trace_in_the_objects(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "kustomization.yaml": (
                "resources: [web.yaml]\nbuildMetadata: [managedByLabel]\n"
                "configMapGenerator: [{name: settings, literals: [a=b]}]\n"
            ),
            "web.yaml": DEPLOYMENT,
        },
    )
    (target,) = collect(root).targets
    assert names(target) == ["ConfigMap/settings-4h2mbtbbt6", "Deployment/web"]
    for resource in target.resources:
        assert "annotations" not in resource.metadata
        assert [*resource.labels] == ["app.kubernetes.io/managed-by"]


def test_a_slim_crd_keeps_all_but_its_schema() -> None:
    text = slim(f"---\n{CRD}---\n{DEPLOYMENT}".encode())
    crd, deployment = load_stream(text, "x.yaml")
    assert crd.problem is None and deployment.problem is None
    (version,) = crd.body["spec"]["versions"]  # type: ignore[index]
    assert version["schema"] == {"openAPIV3Schema": {}} and version["subresources"] == {"status": {}}
    assert deployment.body["spec"]["replicas"] == 1  # type: ignore[index]


def test_a_patch_into_a_crd_schema_is_rendered_on_the_whole_files(tmp_path: Path) -> None:
    patch = "- op: replace\n  path: /spec/versions/0/schema/openAPIV3Schema/properties/spec/type\n  value: string\n"
    root = write(
        tmp_path,
        {
            "kustomization.yaml": (
                "resources: [crd.yaml, web.yaml]\n"
                "patches:\n- path: p.yaml\n  target: {kind: CustomResourceDefinition}\n"
            ),
            "crd.yaml": CRD,
            "web.yaml": DEPLOYMENT,
            "p.yaml": patch,
        },
    )
    inventory = collect(root)
    assert not inventory.problems
    assert [names(t) for t in inventory.targets] == [["Deployment/web"]]
    assert inventory.counts.skipped_documents == 1


def test_full_parse_keeps_crds_with_their_schema(tmp_path: Path) -> None:
    root = write(tmp_path, {"kustomization.yaml": "resources: [crd.yaml]\n", "crd.yaml": CRD})
    (target,) = collect(root, full_parse=True).targets
    (crd,) = target.resources
    assert crd.body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["type"] == "object"


def test_patches_that_no_kustomization_names_are_no_broken_workloads(tmp_path: Path) -> None:
    patch = DEPLOYMENT
    whole = DEPLOYMENT.replace("  template:", "  selector: {matchLabels: {a: b}}\n  template:")
    root = write(
        tmp_path,
        {
            "base/kustomization.yaml": "resources: [web.yaml]\n",
            "base/web.yaml": whole,
            "base/image_patch.yaml": patch,
            "base/patches/limits.yaml": patch,
            "base/patches/whole.yaml": whole,
            "elsewhere/image_patch.yaml": patch,
        },
    )
    found = collect(root, render=False)
    judged = {resource.origin.file for target in found.targets for resource in target.resources}
    assert judged >= {"base/web.yaml", "base/patches/whole.yaml", "elsewhere/image_patch.yaml"}
    assert judged.isdisjoint({"base/image_patch.yaml", "base/patches/limits.yaml"})
    assert [row.file for row in found.warnings] == ["base/image_patch.yaml", "base/patches/limits.yaml"]
