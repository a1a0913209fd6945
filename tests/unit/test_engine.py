"""The engine: what becomes which verdict, and where it points."""

from __future__ import annotations

import pytest

from auditor.model import Status
from auditor.unknown import Unknown
from tests.unit.worlds import judge, policy, resources, world

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers:
        - name: web
          image: web:1
        - name: side
          image: side:1
          env: [{name: A, value: b}]
"""


def statuses(text: str, **fields: object) -> list[Status]:
    return [verdict.status for verdict in judge(text, policy(**fields))]


def test_true_passes_and_false_fails() -> None:
    assert statuses(DEPLOYMENT, **{"assert": "pod.containers.size() == 2"}) == [Status.PASS]
    assert statuses(DEPLOYMENT, **{"assert": "pod.containers.size() == 1"}) == [Status.FAIL]


def test_when_false_is_not_applicable() -> None:
    assert statuses(DEPLOYMENT, when="has(pod.nodeName)", **{"assert": "false"}) == [Status.NOT_APPLICABLE]


def test_a_runtime_error_is_an_error_never_pass_or_fail() -> None:
    (verdict,) = judge(DEPLOYMENT, policy(**{"assert": "pod.missing.field == 1"}))
    assert verdict.status is Status.ERROR
    assert "line 1" in verdict.message


def test_a_value_that_is_no_boolean_is_an_error() -> None:
    assert statuses(DEPLOYMENT, **{"assert": "1"}) == [Status.ERROR]
    assert statuses(DEPLOYMENT, when="'yes'", **{"assert": "true"}) == [Status.ERROR]


def test_a_policy_that_does_not_compile_is_one_error_row_an_object() -> None:
    (verdict,) = judge(DEPLOYMENT, policy(**{"assert": "pod.containers.exists(c"}))
    assert verdict.status is Status.ERROR
    assert "TST-001" in verdict.message


def test_container_policies_judge_each_container() -> None:
    verdicts = judge(
        DEPLOYMENT, policy(match={"view": "Container"}, at="env", **{"assert": "has(container.env)"})
    )
    assert [(v.status, v.path[-2:]) for v in verdicts] == [
        (Status.FAIL, ("containers", 0)),
        (Status.PASS, ("containers", 1)),
    ]


def test_select_judges_each_node_and_at_is_relative_to_it() -> None:
    rule = policy(select="containers[*]", at="image", **{"assert": "it.image.startsWith('web')"})
    passed, failed = judge(DEPLOYMENT, rule)
    assert (passed.status, failed.status) == (Status.PASS, Status.FAIL)
    assert failed.at == ("spec", "template", "spec", "containers", 1, "image")
    assert failed.resource.origin.locate(failed.at).span.line == 12  # type: ignore[union-attr]


def test_empty_decides_what_no_node_means() -> None:
    fields = {"select": "initContainers[*]", "assert": "false"}
    assert statuses(DEPLOYMENT, **fields) == [Status.NOT_APPLICABLE]
    assert statuses(DEPLOYMENT, empty="pass", **fields) == [Status.PASS]
    assert statuses(DEPLOYMENT, empty="pass", when="has(pod.nodeName)", **fields) == [Status.NOT_APPLICABLE]


def test_an_unknown_makes_only_what_depends_on_it_not_assessed() -> None:
    scene = world(DEPLOYMENT)
    spec = scene.target.resources[0].body["spec"]["template"]["spec"]
    spec["containers"][0]["image"] = Unknown("var.image has no value", "give the plan")
    from auditor.engine import Engine

    asks_image = policy(
        code="A-1", id="a", match={"view": "Container"}, **{"assert": "container.image == 'side:1'"}
    )
    asks_name = policy(code="B-1", id="b", match={"view": "Container"}, **{"assert": "container.name != ''"})
    verdicts = Engine([asks_image, asks_name]).judge(scene)
    by_code = {(v.policy, v.path[-1]): v for v in verdicts}
    assert by_code["A-1", 0].status is Status.NOT_ASSESSED
    assert by_code["A-1", 0].reason == "var.image has no value"
    assert by_code["A-1", 0].repair == "give the plan"
    assert by_code["A-1", 1].status is Status.PASS
    assert by_code["B-1", 0].status is Status.PASS


def test_kinds_match_by_pattern() -> None:
    rule = policy(match={"kinds": ["apps/*/Deployment"]}, **{"assert": "object.metadata.name == 'web'"})
    assert [v.status for v in judge(DEPLOYMENT, rule)] == [Status.PASS]
    other = policy(match={"kinds": ["batch/*/Job"]})
    assert judge(DEPLOYMENT, other) == []


def test_params_have_defaults_and_can_be_set() -> None:
    from auditor.engine import Engine

    rule = policy(
        params={"most": {"type": "integer", "default": 1}},
        **{"assert": "pod.containers.size() <= params.most"},
    )
    assert [v.status for v in Engine([rule]).judge(world(DEPLOYMENT))] == [Status.FAIL]
    assert [v.status for v in Engine([rule], {"TST-001": {"most": 2}}).judge(world(DEPLOYMENT))] == [
        Status.PASS
    ]


def test_message_and_cost_come_from_the_failure() -> None:
    rule = policy(message="'image is ' + pod.containers[0].image", cost="2.0 * 365.0", **{"assert": "false"})
    (verdict,) = judge(DEPLOYMENT, rule)
    assert (verdict.message, verdict.cost) == ("image is web:1", 730.0)


@pytest.mark.parametrize(
    "body", ["spec: []", "spec: {template: 3}", "spec: {template: {spec: []}}", "spec: x"]
)
def test_wrong_shapes_give_no_exception(body: str) -> None:
    text = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\n{body}\n"
    judge(
        text, policy(**{"assert": "pod.containers.all(c, has(c.image))"}), policy(match={"view": "Container"})
    )


def test_null_map_values_are_dropped_as_the_api_server_does() -> None:
    (pod,) = resources(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeName: null, containers: [null]}\n"
    )
    assert pod.body["spec"] == {"containers": [None]}
