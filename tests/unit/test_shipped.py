"""The built-in policies' expressions come compiled, and are never those of yesterday."""

from __future__ import annotations

from pathlib import Path

import pytest

import auditor.shipped
from auditor.catalog import load_builtin
from auditor.cel import CelSyntaxError, compile_expr
from auditor.compiled import CompiledPolicy, variables_of
from auditor.shipped import compile_known, shipped
from tools import programs

POLICIES = load_builtin()


def test_the_table_holds_what_the_compiler_makes_today() -> None:
    committed = (Path(auditor.shipped.__file__).parent / "shipped_programs.py").read_text()
    assert committed == programs.module(POLICIES), "run `make generate`"


def test_no_built_in_policy_is_compiled_at_run_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor.shipped, "compile_expr", None)
    for policy in POLICIES:
        compiled = CompiledPolicy(policy, compiler=compile_known)
        for field in ("message", "at_expr", "related", "cost"):
            if getattr(policy, field):
                compiled.program(field)
        for op in policy.fix.ops if policy.fix else ():
            if op.value_expr:
                compiled.expression(op.value_expr, "fix")


def test_a_shipped_program_reads_and_answers_as_a_compiled_one() -> None:
    variables = {
        "object": {},
        "it": None,
        "params": {},
        "facts": {},
        "origin": {"file": "x.yaml", "source": "git"},
    }
    for policy in POLICIES:
        names = frozenset(variables_of(policy))
        known, fresh = shipped(policy.assert_, names), compile_expr(policy.assert_, variables=names)
        assert known is not None
        assert (known.source, known.reads) == (fresh.source, fresh.reads)
        assert _answer(known, variables) == _answer(fresh, variables)


def _answer(program: auditor.shipped.Program, variables: dict[str, object]) -> str:
    try:
        return repr(program(variables))
    except Exception as error:
        return repr(error)


def test_an_expression_with_other_names_is_another_expression() -> None:
    policy = next(each for each in POLICIES if each.match.view == "PodSpec" and "pod" in each.assert_)
    assert shipped(policy.assert_, frozenset(variables_of(policy))) is not None
    assert shipped(policy.assert_, frozenset({"object"})) is None
    with pytest.raises(CelSyntaxError, match="undeclared variable"):
        compile_known(policy.assert_, variables=["object"])


def test_what_is_not_shipped_is_compiled() -> None:
    assert shipped("1 + 1 == 2", frozenset({"object"})) is None
    assert compile_known("1 + 1 == 2", variables=["object"])({}) is True
    assert compile_known("1 + 1 == 2")({}) is True
