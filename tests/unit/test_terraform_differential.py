"""Our evaluator against `terraform console`: what we claim to know is what Terraform computes."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.terraform.errors import EvaluationError
from auditor.terraform.limits import Budget, Limits
from auditor.terraform.parser import Parser
from auditor.terraform.plain import Plain
from auditor.terraform.repository import RepositoryFiles
from auditor.terraform.scope import TemplateScope
from auditor.unknown import Unknown

EXPRESSIONS = [
    line
    for line in Path(__file__).with_name("terraform_expressions.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
REFUSED = "\0refused"
# Terraform wants the types of these to agree. We give the value that the expression would have.
LENIENT = [
    'lookup(tomap({a = 1}), "b", "x")',
    "true ? 1 : [1]",
    "true ? 1 : true",
    "true ? [1] : {a = 1}",
    "true ? {a = 1, b = true} : {}",
]


def terraform() -> str:
    """The binary; the comparison means nothing without it."""
    found = shutil.which("terraform")
    if found is None:
        pytest.fail(
            "terraform is not installed: get 1.11 or later from https://developer.hashicorp.com/terraform"
        )
    return found


def ask_terraform(expressions: list[str], directory: Path) -> list[object]:
    """What a console process gives for each expression; REFUSED where it is an error.

    The console prints the result of its last line only, and reads lines of up to 64 KiB: all expressions
    go in as one line.
    """
    items = ", ".join(f'nonsensitive(try(jsonencode([{each}]), "refused"))' for each in expressions)
    config = directory / "cli.tfrc"
    config.write_text("")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [terraform(), "console"],
        input=f"base64encode(jsonencode([{items}]))\n",
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(base64.b64decode(json.loads(done.stdout)))
    return [REFUSED if answer == "refused" else json.loads(answer)[0] for answer in answers]


def evaluate(expression: str) -> object:
    """Our value; REFUSED where we call it an error."""
    budget = Budget(Limits())
    files = RepositoryFiles("", [], lambda path: b"", Limits())
    try:
        value = Parser(expression).whole_expression().value(TemplateScope({}, budget, files))
    except EvaluationError:
        return REFUSED
    return Plain(budget).value(value)


def test_every_known_value_is_what_terraform_computes(tmp_path: Path) -> None:
    differences: list[str] = []
    unknown: list[str] = []
    for expression, theirs in zip(EXPRESSIONS, ask_terraform(EXPRESSIONS, tmp_path), strict=True):
        ours = evaluate(expression)
        if isinstance(ours, Unknown):
            unknown.append(expression)
        elif json.dumps(ours, sort_keys=True) != json.dumps(theirs, sort_keys=True):
            differences.append(f"{expression}\n    ours   {ours!r}\n    theirs {theirs!r}")
    assert not differences, f"{len(differences)} differences\n" + "\n".join(differences)
    assert len(unknown) <= len(EXPRESSIONS) // 20, unknown


def test_where_types_disagree_we_are_more_lenient_than_terraform(tmp_path: Path) -> None:
    assert ask_terraform(LENIENT, tmp_path) == [REFUSED] * len(LENIENT)
    assert [evaluate(each) for each in LENIENT] == ["x", 1, 1, [1], {"a": 1, "b": True}]
