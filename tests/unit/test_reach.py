"""What was not seen is never taken for missing."""

from __future__ import annotations

from auditor.engine import Engine
from auditor.model import Status, Target
from auditor.reach import Reach, Unread
from auditor.unknown import Unknown
from auditor.world import World
from tests.unit.worlds import policy, resources

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: x}]}\n"
REFUSED = Unread("v1", "ConfigMap", Unknown("refused", "add the rule"))
JOIN = policy(**{"assert": "size(facts.references.all.filter(r, r.found == false)) == 0"})
NAMED = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {volumes: [{name: v, configMap: {name: c}}]}\n"


def live(text: str, reach: Reach) -> World:
    """A live target with the objects of a YAML text."""
    return World(Target("t", "live", "t", resources(text), reach=reach, source="cluster"))


def test_a_join_with_a_kind_that_was_refused_is_not_assessed() -> None:
    reach = Reach("kubernetes", unread={("", "ConfigMap"): REFUSED}, others=frozenset())
    verdicts = Engine([JOIN]).judge(live(NAMED, reach))
    assert [each.status for each in verdicts] == [Status.NOT_ASSESSED]
    assert (verdicts[0].reason, verdicts[0].repair) == ("refused", "add the rule")


def test_the_same_join_fails_when_the_kind_was_read_and_is_empty() -> None:
    reach = Reach("kubernetes", read=frozenset({("", "ConfigMap")}), others=frozenset())
    assert [each.status for each in Engine([JOIN]).judge(live(NAMED, reach))] == [Status.FAIL]


def test_a_policy_on_a_refused_kind_gives_one_row() -> None:
    on_maps = policy(match={"kinds": ["v1/ConfigMap"]})
    reach = Reach("kubernetes", unread={("", "ConfigMap"): REFUSED}, others=frozenset())
    (verdict,) = Engine([on_maps]).judge(live(POD, reach))
    assert verdict.status is Status.NOT_ASSESSED and verdict.resource.title == "ConfigMap *"


def test_a_kind_that_is_not_served_is_no_gap_for_who_judges_others_too() -> None:
    both = policy(match={"kinds": ["v1/Pod", "argoproj.io/*/Rollout"]})
    absent = {("argoproj.io", "Rollout"): Unread("argoproj.io/v1alpha1", "Rollout", Unknown("not served"))}
    reach = Reach("kubernetes", read=frozenset({("", "Pod")}), absent=absent, others=frozenset())
    assert [each.status for each in Engine([both]).judge(live(POD, reach))] == [Status.PASS]


def test_policies_on_what_is_written_down_leave_running_objects_alone() -> None:
    on_git = policy(where="git", **{"assert": "false"})
    assert Engine([on_git]).judge(live(POD, Reach("kubernetes"))) == []
    target = Target("t", "loose", ".", resources(POD))
    assert [each.status for each in Engine([on_git]).judge(World(target))] == [Status.FAIL]


def test_live_policies_leave_git_alone() -> None:
    on_live = policy(mode="L", **{"assert": "false"})
    assert Engine([on_live]).judge(World(Target("t", "loose", ".", resources(POD)))) == []


def test_a_kind_of_another_domain_is_another_sources_business() -> None:
    reach = Reach("kubernetes", others=frozenset())
    assert reach.unknown("terraform", "aws_sqs_queue") is None
    assert reach.unknown("nobody.example", "Thing") is None
    assert Reach("kubernetes").unknown("nobody.example", "Thing") is not None
