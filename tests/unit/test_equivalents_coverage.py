"""Every common question of the other tools is answered by a policy, under each of their names for it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from auditor.catalog import find, load_builtin
from auditor.cli.entry import main
from auditor.options import Settings
from auditor.packs import choose
from auditor.policy import Relation
from tests.peers.claims import RUN, claims

QUESTIONS: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).resolve().parents[1] / "data" / "equivalents.json").read_text()
)
RULES = sorted({(tool, rule) for tools in QUESTIONS.values() for tool, ids in tools.items() for rule in ids})
TOOLS = {tool for tools in QUESTIONS.values() for tool in tools} | {"trivy"}
POLICIES = load_builtin()
CLAIMS = claims(POLICIES)
CLAIMED = {(claim.tool, claim.rule) for claim in CLAIMS}


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_a_policy_answers_the_question_for_every_rule_behind_it(question: str) -> None:
    wanted = {(tool, rule) for tool, ids in QUESTIONS[question].items() for rule in ids}
    assert wanted - CLAIMED == set()


@pytest.mark.parametrize(("tool", "rule"), RULES, ids=lambda each: str(each))
def test_policy_takes_another_tools_rule_for_ours(tool: str, rule: str) -> None:
    wanted = {claim.policy.code for claim in CLAIMS if (claim.tool, claim.rule) == (tool, rule)}
    assert wanted <= set(choose(Settings(policies=[rule])))


def test_explain_says_how_ours_relates_to_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    for tool, rule in RULES:
        assert main(["explain", rule]) == 0, rule
        shown = capsys.readouterr().out
        assert all(policy.code in shown for policy in find(POLICIES, rule)), rule
        assert f"{tool}'s {rule}" in shown or f"    {tool} {rule} " in shown, (tool, rule)


def test_tools_and_relations_are_spelled_one_way() -> None:
    assert {claim.tool for claim in CLAIMS} <= TOOLS
    assert {claim.relation for claim in CLAIMS} <= set(get_args(Relation))


def test_one_rule_is_exactly_one_policy_at_most() -> None:
    exact = Counter((claim.tool, claim.rule) for claim in CLAIMS if claim.relation == "exact")
    assert [rule for rule, times in exact.items() if times > 1] == []


def test_a_policy_speaks_of_a_rule_once() -> None:
    spoken = Counter((claim.tool, claim.rule, claim.policy.code) for claim in CLAIMS)
    assert [claim for claim, times in spoken.items() if times > 1] == []


def test_what_is_not_exact_says_what_differs() -> None:
    assert [
        (each.rule, each.policy.code) for each in CLAIMS if each.relation != "exact" and not each.note
    ] == []


def test_claims_on_tools_that_do_not_run_here_say_so() -> None:
    silent = [
        (claim.tool, claim.rule, claim.policy.code)
        for claim in CLAIMS
        if claim.tool not in RUN and "not run" not in claim.note
    ]
    assert silent == []
    assert [claim.rule for claim in CLAIMS if claim.tool in RUN and "not run" in claim.note] == []
