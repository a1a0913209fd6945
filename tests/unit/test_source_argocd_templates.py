"""Templates and generators of ApplicationSets, in both dialects."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from auditor.sources.argocd.applicationset import applications
from auditor.sources.argocd.functions import FUNCTIONS
from auditor.sources.argocd.generators import NotGenerated
from auditor.sources.argocd.globs import GlobError, across, within
from auditor.sources.argocd.gotemplate import render
from auditor.sources.argocd.parse import TemplateError
from auditor.sources.git import Checkout, GitOptions
from auditor.sources.tree import Tree
from auditor.yamlio import load_stream

DATA: dict[str, Any] = {
    "path": {"path": "apps/web", "basename": "web", "segments": ["apps", "web"]},
    "cluster": "dev",
    "values": {"count": 3, "names": ["a", "b"], "on": True},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.path.basename}}-{{ .cluster | upper }}", "web-DEV"),
        ("{{ index .path.segments 1 }}", "web"),
        ('{{- if eq .cluster "dev" -}} yes {{- else if eq .cluster "x" }}e{{ else }}no{{ end }}', "yes"),
        ("{{ if and .values.on (not .nothing) }}both{{ end }}", "both"),
        ("{{ range $i, $v := .values.names }}{{ $i }}={{ $v }},{{ else }}none{{ end }}", "0=a,1=b,"),
        ("{{ range .nothing }}x{{ else }}none{{ end }}", "none"),
        ("{{ with .values }}{{ .count }}{{ $.cluster }}{{ end }}", "3dev"),
        ('{{ $x := "a" }}{{ if .cluster }}{{ $x = "b" }}{{ end }}{{ $x }}', "b"),
        ('{{ default "z" .nothing }}', "z"),
        ("{{ (index .values.names 0) | quote }}", '"a"'),
        ('{{ printf "%s-%03d" .cluster .values.count }}', "dev-003"),
        ('{{ (dict "a" .cluster).a }}{{/* a comment }} */}}', "dev"),
        ('{{ "a\\"}}b" }}{{ `raw}}` }}', 'a"}}braw}}'),
        ("{{ .values.names }} {{ .values.on }} {{ .nothing }}", "[a b] true <no value>"),
        ('{{ "Feature/Some_Branch" | normalize }}', "feature-some-branch"),
        ('{{ .cluster | trimPrefix "d" | trimSuffix "v" | trunc 1 }}', "e"),
        ('{{ splitList "/" .path.path | last }} {{ (split "/" .path.path)._0 }}', "web apps"),
        ('{{ ternary "a" "b" (eq .values.count 3) }}{{ add 1 2 "3" }}', "a6"),
        ('{{ or .nothing "q" }}{{ coalesce .nothing "" "c" }}', "qc"),
        ("{{ .values | toJson }}", '{"count": 3, "names": ["a", "b"], "on": true}'),
        ('{{ get (fromYaml "a: [1, 2]") "a" | len }}', "2"),
    ],
)
def test_a_go_template_prints_what_go_prints(template: str, text: str) -> None:
    assert render(template, DATA) == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ env "HOME" }}', "the function 'env' is not evaluated"),
        ('{{ getHostByName "x" }}', "'getHostByName'"),
        ('{{ define "x" }}{{ end }}', "'define' is not evaluated"),
        ("{{ if .x }}", "has no end"),
        ("{{ .x ", "not closed"),
        ("{{ end }}", "outside of any block"),
        ("{{ .cluster.name }}", "of 'dev' is asked for"),
        ("{{ (.x }}", "not closed"),
        ("{{ .x) }}", "parenthesis"),
        ("{{ ! }}", "not understood"),
        ("{{ $x }}", "not declared"),
        ("{{ index .values.names 7 }}", "out of range"),
        ('{{ lt "a" 1 }}', "different types"),
        ("{{ len 3 }}", "len cannot work"),
        ("{{ mul 4611686018427387904 4611686018427387904 }}", "overflows"),
        ("{{ if 1 }}" * 60, "nest deeper"),
        ("x" * 70_000 + "{{ . }}", "longer than 64 KiB"),
    ],
)
def test_what_cannot_be_evaluated_is_named(template: str, said: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(said)):
        render(template, DATA)


def test_missing_keys_are_errors_when_the_set_says_so() -> None:
    with pytest.raises(TemplateError, match="there is no nothing"):
        render("{{ .nothing }}", DATA, missing_is_error=True)


@pytest.mark.parametrize(
    "template",
    [
        "{{ range .l }}{{ range $.l }}{{ range $.l }}x{{ end }}{{ end }}{{ end }}",
        "{{ " + '"a" ' * 9000 + "}}",
        "{{ " + "(" * 9000 + "}}",
        '{{ $a := "x" }}' + "{{ $a = print $a $a }}" * 60,
    ],
)
def test_no_template_takes_long(template: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError):
        render(template, {"l": list(range(500))})
    assert time.process_time() - started < 2


def test_every_function_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/sources.md").read_text()
    listed = set(re.findall(r"`(\w+)`", text.partition("### Template functions")[2]))
    assert {*FUNCTIONS, "and", "or"} - listed == set()


@pytest.mark.parametrize(
    ("pattern", "path", "inside", "crossing"),
    [
        ("apps/*", "apps/web", True, True),
        ("apps/*", "apps/web/base", False, True),
        ("apps/**", "apps/web/base", True, True),
        ("apps/w?b", "apps/web", True, True),
        ("apps/[!w]eb", "apps/web", False, False),
        ("{a,b}.yaml", "b.yaml", True, True),
        ("a.yaml", "aXyaml", False, False),
    ],
)
def test_patterns_match_as_argo_cd_matches_them(
    pattern: str, path: str, inside: bool, crossing: bool
) -> None:
    assert bool(within(pattern).fullmatch(path)) is inside
    assert bool(across(pattern).fullmatch(path)) is crossing


def test_a_pattern_that_could_take_for_ever_is_refused() -> None:
    with pytest.raises(GlobError):
        across("*a" * 20)


FILES = {
    "apps/web/x.yaml": "a: 1\n",
    "apps/api/x.yaml": "a: 1\n",
    "apps/api/deep/x.yaml": "a: 1\n",
    "apps/.hidden/x.yaml": "a: 1\n",
    "clusters/dev/config.yaml": "name: dev\nsettings: {region: us-east-1}\n",
    "clusters/prod/config.json": '[{"name": "prod", "settings": {"region": "eu-west-1"}}]',
}


def generate(root: Path, spec: str, local: bool = True) -> list[Any]:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    tree = Tree(root)
    (document,) = load_stream(spec.encode(), "set.yaml")
    body = {"spec": document.body}
    checkout = Checkout(tree, GitOptions(), tree.files())
    return [each["metadata"]["name"] for each in applications(checkout, body, lambda _: local)]


def test_a_list_fills_the_old_dialect(tmp_path: Path) -> None:
    spec = """
generators:
  - list: {elements: [{cluster: dev, values: {at: "1"}}, {cluster: prod, values: {at: "2"}}]}
template: {metadata: {name: '{{cluster}}-{{ values.at }}-{{unknown}}'}}
"""
    assert generate(tmp_path, spec) == ["dev-1-{{unknown}}", "prod-2-{{unknown}}"]


def test_git_directories_in_both_dialects(tmp_path: Path) -> None:
    old = """
generators:
  - git: {repoURL: x, directories: [{path: apps/*}, {path: apps/web, exclude: true}], values: {v: '{{path.basename}}!'}}
template: {metadata: {name: '{{path}}|{{path.basename}}|{{path[0]}}|{{values.v}}'}}
"""
    assert generate(tmp_path, old) == ["apps/api|api|apps|api!"]
    new = """
goTemplate: true
generators:
  - git: {repoURL: x, directories: [{path: 'apps/*'}]}
template: {metadata: {name: '{{.path.path}}|{{.path.basename}}|{{index .path.segments 0}}'}}
"""
    assert generate(tmp_path, new) == ["apps/api|api|apps", "apps/web|web|apps"]


def test_git_files_in_both_dialects(tmp_path: Path) -> None:
    old = """
generators: [{git: {repoURL: x, files: [{path: clusters/*/config.*}]}}]
template: {metadata: {name: '{{name}}|{{settings.region}}|{{path.basename}}|{{path.filename}}'}}
"""
    expected = ["dev|us-east-1|dev|config.yaml", "prod|eu-west-1|prod|config.json"]
    assert generate(tmp_path, old) == expected
    new = """
goTemplate: true
generators: [{git: {repoURL: x, files: [{path: clusters/*/config.*}]}}]
template: {metadata: {name: '{{.name}}|{{.settings.region}}|{{.path.basename}}|{{.path.filename}}'}}
"""
    assert generate(tmp_path, new) == expected


def test_a_matrix_multiplies_and_its_second_half_sees_the_first(tmp_path: Path) -> None:
    spec = """
goTemplate: true
generators:
  - matrix:
      generators:
        - git: {repoURL: x, files: [{path: clusters/*/config.*}]}
        - list: {elements: [{app: '{{ .name }}-web'}, {app: api}]}
template: {metadata: {name: '{{ .name }}/{{ .app }}'}}
"""
    assert generate(tmp_path, spec) == ["dev/dev-web", "dev/api", "prod/prod-web", "prod/api"]


def test_a_merge_overrides_by_its_keys_and_a_selector_chooses(tmp_path: Path) -> None:
    spec = """
generators:
  - merge:
      mergeKeys: [cluster]
      generators:
        - list: {elements: [{cluster: dev, size: small}, {cluster: prod, size: small}]}
        - list: {elements: [{cluster: prod, size: large}]}
    selector: {matchExpressions: [{key: size, operator: In, values: [large]}]}
template: {metadata: {name: '{{cluster}}-{{size}}'}}
"""
    assert generate(tmp_path, spec) == ["prod-large"]


def test_template_patch_and_a_generators_own_template_are_laid_over(tmp_path: Path) -> None:
    spec = """
goTemplate: true
generators:
  - list:
      elements: [{name: a, fancy: true}]
      template: {metadata: {name: 'own-{{ .name }}'}}
template: {metadata: {name: '{{ .name }}'}}
templatePatch: |
  {{- if .fancy }}
  metadata:
    name: patched-{{ .name }}
  {{- end }}
"""
    assert generate(tmp_path, spec) == ["patched-a"]
    assert generate(tmp_path, spec.replace("fancy: true", "fancy: false")) == ["own-a"]


@pytest.mark.parametrize(
    ("generator", "said"),
    [
        ("clusters: {}", "clusters"),
        ("scmProvider: {github: {organization: x}}", "scmProvider"),
        ("pullRequest: {github: {owner: x}}", "pullRequest"),
        ("plugin: {configMapRef: {name: x}}", "plugin"),
        ("clusterDecisionResource: {}", "clusterDecisionResource"),
        ("matrix: {generators: [{clusters: {}}, {list: {elements: []}}]}", "clusters"),
        ("git: {repoURL: x}", "neither directories nor files"),
        ("list: {elementsYaml: 'a: 1'}", "no YAML list"),
        ("git: {repoURL: x, files: [{path: '*a*a*a*a*a*a*a*a*a'}]}", "stars"),
    ],
)
def test_what_is_not_in_the_repository_is_named(tmp_path: Path, generator: str, said: str) -> None:
    spec = f"generators: [{{{generator}}}]\ntemplate: {{metadata: {{name: x}}}}\n"
    with pytest.raises(NotGenerated, match=re.escape(said)):
        generate(tmp_path, spec)


def test_another_repository_is_not_read(tmp_path: Path) -> None:
    spec = (
        "generators: [{git: {repoURL: https://other, files: [{path: a}]}}]\ntemplate: {metadata: {name: x}}\n"
    )
    with pytest.raises(NotGenerated, match="another repository"):
        generate(tmp_path, spec, local=False)


def test_a_set_that_would_give_too_many_is_refused(tmp_path: Path) -> None:
    one = "list: {elements: [" + ", ".join(f"{{a: '{n}'}}" for n in range(40)) + "]}"
    spec = f"generators: [{{matrix: {{generators: [{{{one}}}, {{{one}}}]}}}}]\ntemplate: {{metadata: {{name: x}}}}\n"
    with pytest.raises(NotGenerated, match="more than 1000"):
        generate(tmp_path, spec)
