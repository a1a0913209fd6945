"""What a program fills in, or makes from a template, is neither wrong nor missing."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.neighbours import template_beside
from auditor.model import Target
from auditor.unknown import Unknown
from auditor.world import Surroundings, World
from tests.unit.test_facts_joins import fact, pod, service, tree
from tests.unit.test_facts_keda import CRON, DEPLOYMENT, SCALER
from tests.unit.worlds import resources

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: i, namespace: prod}}
spec: {{defaultBackend: {{service: {{name: api, port: {{number: {port}}}}}}}}}
"""


def beside(file: str, text: str, kind: Any = "loose") -> World:
    """A target of one file in the folder ``a``, with another file of the tree."""
    around = Surroundings(files=frozenset({"a/all.yaml", file}))
    return World(Target("t", kind, ".", list(resources(text, "a/all.yaml"))), around=around)


@pytest.mark.parametrize(
    "file",
    ["a/apis.yaml-template", "a/my-apis.yaml.tpl", "a/deployment.yml.j2", "a/apis.jsonnet", "a/pod.json.in"],
)
def test_a_template_in_the_folder_may_make_what_is_missing(file: str) -> None:
    world = beside(file, service("web", selects="apis") + "---" + pod("api"))
    found = fact(world, "service", "Service")["found"]
    assert isinstance(found, Unknown)
    assert found.reason == f"a pod with app=apis may come from {file}"


@pytest.mark.parametrize(
    "file", ["b/apis.yaml.tpl", "a/apis.yaml", "a/apis.md", "a/apis.sh", "a/b/apis.tpl", "a/ingress.tpl"]
)
def test_other_files_make_nothing(file: str) -> None:
    assert (
        fact(beside(file, service("web", selects="apis") + "---" + pod("api")), "service", "Service")["found"]
        is False
    )


def test_a_rendered_target_has_no_templates_beside_it() -> None:
    world = beside("a/api.yaml.tpl", pod("api"), "kustomize")
    assert template_beside(world, next(world.resources()), ("api",)) == ""


def test_a_template_may_make_what_a_scaler_scales() -> None:
    text = DEPLOYMENT % ("load", "prod", "") + "---" + SCALER % ("prod", "api", CRON)
    assert isinstance(
        fact(beside("a/api.yaml-template", text), "keda_target", "ScaledObject")["found"], Unknown
    )
    assert fact(beside("a/run.sh", text), "keda_target", "ScaledObject")["found"] is False


@pytest.mark.parametrize(("port", "wanted"), [("80", True), ("81", False)])
def test_ports_that_are_written_are_compared(port: str, wanted: bool) -> None:
    rows = fact(tree(a__i=INGRESS.format(port=port), a__s=service("api")), "ingress", "Ingress")["backends"]
    assert rows[0]["port_found"] is wanted


def test_a_port_that_is_filled_in_is_not_compared() -> None:
    world = tree(a__i=INGRESS.format(port='"${PORT}"'), a__s=service("api"))
    found = fact(world, "ingress", "Ingress")["backends"][0]["port_found"]
    assert isinstance(found, Unknown)
    assert found.reason == "the port ${PORT} is filled in later"


def test_a_placeholder_breaks_no_schema_and_hides_no_other_fault() -> None:
    text = pod("api").replace("8080", '"${PORT}"')
    found = fact(tree(a__p=text), "schema", "Pod")["problems"]
    assert isinstance(found, Unknown)
    assert (
        found.reason
        == "Pod prod/api is a template: containerPort is the string '${PORT}', not a whole number"
    )
    both = fact(tree(a__p=text.replace("image:", "imagge: a, image:")), "schema", "Pod")["problems"]
    assert [row["kind"] for row in both] == ["unknown-field"]
