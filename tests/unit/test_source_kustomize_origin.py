"""Where a field of a rendered object is set, and where an edit of it belongs."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.fixes import Refused
from auditor.model import Path as BodyPath
from auditor.model import Resource
from auditor.sources.git import GitOptions, GitSource
from auditor.sources.kustomize.origin import RenderedOrigin
from auditor.sources.kustomize.variants import Budget
from auditor.sources.tree import Tree
from auditor.yamlio import apply

SPEC: BodyPath = ("spec", "template", "spec")
MAIN: BodyPath = (*SPEC, "containers", 0)

FILES = {
    "base/kustomization.yaml": """\
resources: [web.yaml]
configMapGenerator:
  - name: settings
    literals:
      - MODE=fast
      - LEVEL=1
""",
    "base/web.yaml": """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: ClusterIP
---
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
          image: nginx:1.0
          # auditor: allow something
          imagePullPolicy: Always
          env:
            - name: MODE
              value: slow
          envFrom:
            - configMapRef:
                name: settings
      terminationGracePeriodSeconds: 30
""",
    "side/kustomization.yaml": """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - target: {kind: Deployment, name: web}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/-
        value:
          name: side
          image: busybox
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
      spec:
        template:
          spec:
            hostNetwork: true
""",
    "prod/kustomization.yaml": """\
resources:
  - ../base
components:
  - ../side
namespace: prod
namePrefix: p-
images:
  - name: nginx
    newTag: "2.0"
replicas:
  - name: web
    count: 3
labels:
  - pairs:
      team: ml
patches:
  - path: grace.yaml
replacements:
  - source: {kind: Service, name: web, fieldPath: spec.type}
    targets:
      - select: {kind: Deployment}
        fieldPaths:
          - spec.template.spec.containers.[name=main].env.[name=MODE].value
""",
    "prod/grace.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 600
""",
    "dev/kustomization.yaml": "resources: [../base]\n",
}


def write(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write(tmp_path)


def rendered(root: Path, target: str, kind: str) -> tuple[Resource, RenderedOrigin]:
    (found,) = [each for each in GitSource(Tree(root), GitOptions()).collect().targets if each.name == target]
    (resource,) = [each for each in found.resources if each.kind == kind]
    assert isinstance(resource.origin, RenderedOrigin)
    return resource, resource.origin


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RenderedOrigin]:
    root = write(tmp_path_factory.mktemp("tree"))
    return root, rendered(root, "prod", "Deployment")[1]


@pytest.mark.parametrize(
    ("path", "place", "setter"),
    [
        ((*MAIN, "imagePullPolicy"), "base/web.yaml:20", ""),
        (MAIN, "base/web.yaml:17", ""),
        ((*MAIN, "image"), "prod/kustomization.yaml:9", "images"),
        (("spec", "replicas"), "prod/kustomization.yaml:12", "replicas"),
        (("metadata", "namespace"), "prod/kustomization.yaml:5", "namespace"),
        (("metadata", "name"), "base/web.yaml:11", ""),
        (("metadata", "labels", "team"), "prod/kustomization.yaml:15", "labels"),
        ((*SPEC, "terminationGracePeriodSeconds"), "prod/grace.yaml:8", "patch"),
        ((*SPEC, "hostNetwork"), "side/kustomization.yaml:19", "patch"),
        ((*SPEC, "containers", 1, "image"), "side/kustomization.yaml:10", "JSON patch"),
        ((*MAIN, "env", 0, "value"), "prod/kustomization.yaml:23", "replacements"),
        ((*MAIN, "envFrom", 0, "configMapRef", "name"), "base/web.yaml:26", ""),
    ],
)
def test_each_setter_is_found_at_its_line(
    prod: tuple[Path, RenderedOrigin], path: BodyPath, place: str, setter: str
) -> None:
    origin = prod[1]
    found = origin.locate(path)
    assert found.span is not None and found.precision == "exact"
    assert f"{found.file}:{found.span.line}" == place
    assert found.note == (f"set by {setter}; the object is from base/web.yaml" if setter else "")


def test_a_missing_field_is_shown_at_its_nearest_ancestor_in_the_base(
    prod: tuple[Path, RenderedOrigin],
) -> None:
    _, origin = prod
    place = origin.locate((*MAIN, "resources", "limits", "cpu"))
    assert place.span is not None and (place.file, place.span.line) == ("base/web.yaml", 17)
    added = origin.locate((*SPEC, "containers", 1, "resources"))
    assert added.span is not None and (added.file, added.span.line) == ("side/kustomization.yaml", 8)


def test_a_generated_object_is_at_its_generator(tree: Path) -> None:
    resource, origin = rendered(tree, "prod", "ConfigMap")
    assert resource.name.startswith("p-settings-")
    place = origin.locate(("data", "LEVEL"))
    assert place.span is not None and (place.file, place.span.line) == ("base/kustomization.yaml", 6)


def test_excerpt_and_comment_come_from_the_file_that_sets_the_field(
    prod: tuple[Path, RenderedOrigin],
) -> None:
    _, origin = prod
    place = origin.locate((*MAIN, "imagePullPolicy"))
    assert origin.comment(place) == "auditor: allow something"
    assert (20, "          imagePullPolicy: Always") in origin.excerpt(place)


def test_an_inline_patch_has_the_offsets_of_its_line(prod: tuple[Path, RenderedOrigin]) -> None:
    root, origin = prod
    span = origin.locate((*SPEC, "hostNetwork")).span
    assert span is not None
    data = (root / "side/kustomization.yaml").read_bytes()
    assert data[span.start : span.end] == b"hostNetwork" and span.column == 13


def test_an_edit_belongs_where_the_field_is_set_and_names_who_else_it_changes(
    prod: tuple[Path, RenderedOrigin],
) -> None:
    root, origin = prod
    site = origin.editable_at((*MAIN, "securityContext", "privileged"))
    assert (site.file, site.note) == ("base/web.yaml", "changes dev too, which shares the file")
    edit = site.set((*MAIN, "securityContext", "privileged"), False)
    text = apply((root / site.file).read_bytes(), [edit]).decode()
    assert "          securityContext:\n            privileged: false\n" in text
    overlay = origin.editable_at((*SPEC, "terminationGracePeriodSeconds"))
    assert (overlay.file, overlay.note) == ("prod/grace.yaml", "")
    count = origin.editable_at(("spec", "replicas"))
    edit = count.set(("spec", "replicas"), 5)
    assert "    count: 5\n" in apply((root / count.file).read_bytes(), [edit]).decode()


@pytest.mark.parametrize(
    "path",
    [(*SPEC, "hostNetwork"), (*SPEC, "containers", 1, "image"), (*MAIN, "env", 0, "value"), (*MAIN, "image")],
)
def test_an_edit_that_no_program_should_make_is_refused_with_the_line(
    prod: tuple[Path, RenderedOrigin], path: BodyPath
) -> None:
    with pytest.raises(Refused, match=r"by hand \(\w+/kustomization.yaml:\d+\)"):
        prod[1].editable_at(path)


OPAQUE = """\
resources: [../base]
transformers:
  - |-
    apiVersion: builtin
    kind: PatchTransformer
    metadata: {name: one}
    patch: '[{"op": "replace", "path": "/spec/replicas", "value": 7}]'
    target: {kind: Deployment}
"""


def test_a_setter_that_reading_does_not_find_is_found_by_leaving_it_out(tree: Path) -> None:
    (tree / "dev/kustomization.yaml").write_text(OPAQUE)
    resource, origin = rendered(tree, "dev", "Deployment")
    assert resource.body["spec"]["replicas"] == 7
    place = origin.locate(("spec", "replicas"))
    assert place.span is not None
    assert (place.file, place.span.line, place.note) == (
        "dev/kustomization.yaml",
        3,
        "set by transformers; the object is from base/web.yaml",
    )


def test_candidates_are_listed_and_the_edit_is_refused_when_it_stays_ambiguous(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "take", lambda _: False)
    (tree / "dev/kustomization.yaml").write_text(OPAQUE)
    _, origin = rendered(tree, "dev", "Deployment")
    place = origin.locate(("spec", "replicas"))
    assert (place.file, place.precision) == ("base/web.yaml", "rendered")
    assert "dev/kustomization.yaml:3" in place.note
    with pytest.raises(Refused, match=r"dev/kustomization\.yaml:3"):
        origin.editable_at(("spec", "replicas"))
