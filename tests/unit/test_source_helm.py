"""Charts: which targets they give, where each field comes from, and what a hostile chart cannot do."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from auditor.fixes import Refused
from auditor.model import Path as BodyPath
from auditor.model import Target
from auditor.sources.git import GitOptions, GitSource
from auditor.sources.helm.origin import HelmOrigin
from auditor.sources.interface import Inventory
from auditor.sources.sandbox import Limits
from auditor.sources.tree import Tree
from auditor.yamlio import apply

BUILT = Path.home() / ".cache/auditor/bin/helm"
needs_helm = pytest.mark.slow
"""helm is built first: go install helm.sh/helm/v3/cmd/helm@latest, on PATH or named in AUDITOR_HELM."""

SPEC: BodyPath = ("spec", "template", "spec")
MAIN: BodyPath = (*SPEC, "containers", 0)

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "values.yaml": """\
replicas: 1
image:
  name: nginx
  tag: "1.0"
resources:
  limits:
    cpu: 500m
podSecurityContext: {}
""",
    "values-prod.yaml": "replicas: 4\n",
    "ci/small-values.yaml": "resources: null\n",
    "templates/_helpers.tpl": '{{- define "web.image" -}}{{ .Values.image.name }}:{{ .Values.image.tag }}{{- end -}}\n',
    "templates/deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      {{- with .Values.podSecurityContext }}
      securityContext: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: main
          # auditor: allow something
          imagePullPolicy: Always
          image: {{ include "web.image" . }}
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
        - name: side
          image: busybox
""",
    "templates/tests/probe.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: probe\n  annotations:\n    helm.sh/hook: test\n"
    ),
    "templates/NOTES.txt": "{{ .Release.Name }}\n",
}


@pytest.fixture(autouse=True)
def helm_in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.environ.get("AUDITOR_HELM") and BUILT.exists():
        monkeypatch.setenv("AUDITOR_HELM", str(BUILT))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def chart(root: Path, folder: str = "web", **changes: str) -> Path:
    files = CHART | changes
    return write(root, {f"{folder}/{name}": text for name, text in files.items()})


def collect(root: Path, **options: bool) -> Inventory:
    return GitSource(Tree(root), GitOptions(**options)).collect()


def names(target: Target) -> list[str]:
    return sorted(f"{each.kind}/{each.name}" for each in target.resources)


@needs_helm
def test_each_set_of_values_is_a_target_and_the_chart_is_claimed(tmp_path: Path) -> None:
    inventory = collect(chart(tmp_path))
    assert [(t.name, t.kind, names(t)) for t in inventory.targets] == [
        ("web", "helm", ["Deployment/web"]),
        ("web:ci/small-values.yaml", "helm", ["Deployment/web"]),
        ("web:values-prod.yaml", "helm", ["Deployment/web"]),
    ]
    assert [t.resources[0].body["spec"]["replicas"] for t in inventory.targets] == [1, 1, 4]
    assert not inventory.problems and not inventory.gaps


def test_without_helm_there_is_one_row_a_chart_and_no_noise_from_its_templates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AUDITOR_HELM", raising=False)
    inventory = collect(chart(tmp_path))
    (gap,) = inventory.gaps
    assert gap.file == "web/Chart.yaml" and "helm" in gap.repair
    assert not inventory.problems
    assert [names(t) for t in inventory.targets] == [["Pod/probe"]]


def test_no_render_judges_only_what_is_no_template(tmp_path: Path) -> None:
    inventory = collect(chart(tmp_path), render=False)
    assert not inventory.problems and not inventory.gaps
    assert [names(t) for t in inventory.targets] == [["Pod/probe"]]


@needs_helm
def test_a_missing_dependency_is_a_row_and_one_in_the_repository_is_used(tmp_path: Path) -> None:
    far = "dependencies:\n  - name: redis\n    version: 1.2.3\n    repository: https://charts.example.com\n"
    near = "dependencies:\n  - name: web\n    version: 0.1.0\n    repository: file://../web\n"
    head = "apiVersion: v2\nversion: 0.1.0\n"
    chart(tmp_path)
    write(
        tmp_path,
        {
            "far/Chart.yaml": f"{head}name: far\n{far}",
            "near/Chart.yaml": f"{head}name: near\n{near}",
            "near/values.yaml": "web:\n  replicas: 7\n",
            "lib/Chart.yaml": f"{head}name: lib\ntype: library\n",
        },
    )
    inventory = collect(tmp_path)
    (gap,) = inventory.gaps
    assert (gap.file, gap.line) == ("far/Chart.yaml", 5)
    assert "redis 1.2.3" in gap.what and "helm dependency build far" in gap.repair
    (target,) = [each for each in inventory.targets if each.name == "near"]
    origin = target.resources[0].origin
    assert isinstance(origin, HelmOrigin) and origin.file == "web/templates/deployment.yaml"
    place = origin.locate(("spec", "replicas"))
    assert place.note == "set by near/values.yaml: web.replicas (line 2)"
    assert "lib" not in [each.name for each in inventory.targets]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, HelmOrigin]:
    root = chart(tmp_path_factory.mktemp("tree"))
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("AUDITOR_HELM"):
            patch.setenv("AUDITOR_HELM", str(BUILT))
        found = collect(root).targets[0].resources[0].origin
    assert isinstance(found, HelmOrigin)
    return root, found


@needs_helm
@pytest.mark.parametrize(
    ("path", "line", "key"),
    [
        ((*MAIN, "imagePullPolicy"), 15, ""),
        (("spec", "replicas"), 6, "web/values.yaml: replicas (line 1)"),
        ((*MAIN, "resources", "limits", "cpu"), 18, "web/values.yaml: resources.limits.cpu (line 7)"),
        ((*SPEC, "containers", 1, "image"), 22, ""),
        ((*MAIN, "securityContext"), 13, ""),
        ((*SPEC, "securityContext", "runAsNonRoot"), 8, "web/values.yaml: podSecurityContext (line 8)"),
    ],
)
def test_a_field_is_at_its_template_line_with_the_key_that_changes_it(
    origin: tuple[Path, HelmOrigin], path: BodyPath, line: int, key: str
) -> None:
    place = origin[1].locate(path)
    assert place.span is not None and place.precision == "file"
    assert (place.file, place.span.line) == ("web/templates/deployment.yaml", line)
    assert place.note == (f"set by {key}" if key else "")


@needs_helm
def test_excerpt_and_comment_come_from_the_template(origin: tuple[Path, HelmOrigin]) -> None:
    place = origin[1].locate((*MAIN, "imagePullPolicy"))
    assert (15, "          imagePullPolicy: Always") in origin[1].excerpt(place)
    assert origin[1].comment(place) == "auditor: allow something"


@needs_helm
def test_values_are_edited_and_templates_are_not(origin: tuple[Path, HelmOrigin]) -> None:
    root, found = origin
    path = (*MAIN, "resources", "limits", "memory")
    site = found.editable_at(path)
    text = apply((root / site.file).read_bytes(), [site.set(path, "1Gi")]).decode()
    assert site.file == "web/values.yaml" and "    cpu: 500m\n    memory: 1Gi\n" in text
    path = (*SPEC, "securityContext", "runAsNonRoot")
    site = found.editable_at(path)
    text = apply((root / site.file).read_bytes(), [site.set(path, True)]).decode()
    assert "podSecurityContext: {runAsNonRoot: true}\n" in text or "  runAsNonRoot: true\n" in text
    with pytest.raises(Refused, match=r"change the template web/templates/deployment\.yaml:15 by hand"):
        found.editable_at((*MAIN, "imagePullPolicy"))


@needs_helm
def test_default_values_that_render_nothing_are_no_fault_when_others_do(tmp_path: Path) -> None:
    needs = {"templates/need.yaml": '# {{ required "say where" .Values.region }}\n'}
    inventory = collect(chart(tmp_path, **needs))
    assert len(inventory.problems) == 3 and "say where" in inventory.problems[0].what
    inventory = collect(chart(tmp_path, **{"values-prod.yaml": "region: here\n"}))
    assert [t.name for t in inventory.targets] == ["web:values-prod.yaml"]
    assert not inventory.problems and len(inventory.gaps) == 2


PRINT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: found\ndata:\n"


def found(inventory: Inventory) -> dict[str, str]:
    resources = [
        each for target in inventory.targets[:1] for each in target.resources if each.name == "found"
    ]
    data: dict[str, str] = resources[0].body["data"]
    return data


@needs_helm
def test_a_chart_reads_neither_the_machine_nor_a_cluster_nor_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    (tmp_path / "outside").write_text("hidden")
    template = PRINT + (
        '  file: {{ .Files.Get "../../outside" | quote }}\n'
        '  passwd: {{ .Files.Get "/etc/passwd" | quote }}\n'
        '  lookup: {{ lookup "v1" "Secret" "kube-system" "" | toJson | quote }}\n'
        '  host: {{ getHostByName "example.com" | quote }}\n'
    )
    root = write(chart(tmp_path / "tree"), {"web/templates/found.yaml": template})
    assert found(collect(root)) == {"file": "", "passwd": "", "lookup": "{}", "host": ""}


@needs_helm
@pytest.mark.parametrize("call", ['{{ env "HOME" }}', '{{ expandenv "$HOME" }}'])
def test_a_chart_that_asks_for_the_environment_does_not_render(tmp_path: Path, call: str) -> None:
    write(chart(tmp_path), {"web/templates/found.yaml": f"{PRINT}  env: {call}\n"})
    inventory = collect(tmp_path)
    assert not [t for t in inventory.targets if t.kind == "helm"]
    assert all("not defined" in problem.what for problem in inventory.problems) and inventory.problems


@needs_helm
def test_a_link_that_leaves_the_tree_is_refused_before_helm_sees_it(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(f"{PRINT}  key: hunter2\n")
    root = chart(tmp_path / "tree")
    (root / "web/templates/link.yaml").symlink_to(tmp_path / "secret.yaml")
    inventory = collect(root)
    assert not [t for t in inventory.targets if t.kind == "helm"]
    assert "hunter2" not in str(inventory)
    assert any("leads out of the audited tree" in problem.what for problem in inventory.problems)


@needs_helm
@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{- range until 100000000 }}\na: {{ repeat 1000 "x" }}\n{{- end }}\n', ""),
        ('{{- define "loop" }}{{ include "loop" . }}{{ end }}{{ include "loop" . }}\n', "nested reference"),
        ("{{ range $i := until 3 }}a: [\n{{ end }}\n", ""),
    ],
    ids=["endless", "recursive", "broken"],
)
def test_a_chart_that_never_ends_costs_one_row(
    tmp_path: Path, template: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = functools.partial(Limits, seconds=5, memory_bytes=3 << 30)
    monkeypatch.setattr("auditor.sources.helm.release.Limits", tight)
    root = chart(tmp_path)
    for name in ("values-prod.yaml", "ci/small-values.yaml"):
        (root / "web" / name).unlink()
    write(root, {"web/templates/bad.yaml": template})
    inventory = collect(root)
    (problem,) = inventory.problems
    assert problem.what.startswith("web: does not render: ") and said in problem.what
    assert len(problem.what) < 500 and str(tmp_path) not in problem.what


@needs_helm
def test_plugins_of_the_user_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "plugins/evil"
    write(plugin, {"plugin.yaml": f"name: template\nversion: 1.0.0\ncommand: touch {tmp_path}/ran\n"})
    monkeypatch.setenv("HELM_PLUGINS", str(tmp_path / "plugins"))
    assert collect(chart(tmp_path / "tree")).targets
    assert not (tmp_path / "ran").exists()


@needs_helm
def test_a_list_gives_its_items_with_their_own_lines(tmp_path: Path) -> None:
    template = (
        "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: one}\n"
        "  - apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: two\n"
    )
    write(chart(tmp_path), {"web/templates/list.yaml": template})
    target = collect(tmp_path).targets[0]
    assert names(target) == ["ConfigMap/one", "ConfigMap/two", "Deployment/web"]
    (two,) = [each for each in target.resources if each.name == "two"]
    place = two.origin.locate(("metadata", "name"))
    assert place.span is not None and (place.file, place.span.line) == ("web/templates/list.yaml", 10)


@needs_helm
def test_a_chart_and_a_kustomization_in_one_folder_are_two_targets(tmp_path: Path) -> None:
    files = {"web/kustomization.yaml": "resources: [plain.yaml]\n", "web/plain.yaml": f"{PRINT}  a: b\n"}
    write(chart(tmp_path), files)
    assert [each.name for each in collect(tmp_path).targets][:2] == ["web", "helm:web"]
