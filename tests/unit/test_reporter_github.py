"""GitHub annotations: exact escaping, the gravest ten of each level, nothing injected."""

from __future__ import annotations

import re

import pytest

from auditor.report import Location
from auditor.reporters import render
from tests.unit import report_factory as factory

COMMAND = re.compile(r"^::(error|warning|notice) file=[^,:\r\n]*(,[A-Za-z]+=[^,:\r\n]*)*::[^\r\n]*$")


def lines(report: object = None) -> list[str]:
    return render("github", report or factory.report()).decode().splitlines()  # type: ignore[arg-type]


@pytest.mark.parametrize("text", factory.NASTY)
def test_nothing_in_the_tree_becomes_a_command_of_its_own(text: str) -> None:
    *commands, summary = lines(factory.hostile(text))
    assert all(COMMAND.match(line) for line in commands)
    assert len(commands) == 4
    assert summary.startswith("auditor: ")


def test_the_older_command_syntax_is_broken_up() -> None:
    assert "##[" not in lines(factory.report(gate=factory.Gate(1, ("##[error]x",))))[-1]


def test_properties_and_data_are_escaped_as_the_runner_reads_them() -> None:
    where = Location("a,b:c%.yaml", 2, 3, 2, 9)
    finding = factory.finding(location=where, message="50% done: a, b")
    (line, _) = lines(factory.report(findings=(finding,), problems=()))
    assert line.startswith("::error file=a%2Cb%3Ac%25.yaml,line=2,col=3,endColumn=9,title=")
    assert line.endswith("::50%25 done: a, b")


def test_a_stretch_over_several_lines_has_no_columns() -> None:
    finding = factory.finding(location=Location("a.yaml", 2, 3, 5, 9))
    line = lines(factory.report(findings=(finding,), problems=()))[0]
    assert "line=2,endLine=5,title=" in line


def test_at_most_ten_of_a_level_gravest_first_and_the_rest_counted() -> None:
    *commands, summary = lines(factory.big(300))
    errors = [line for line in commands if line.startswith("::error")]
    notices = [line for line in commands if line.startswith("::notice")]
    assert (len(errors), len(notices)) == (10, 10)
    assert "(281 more than GitHub shows" in summary


def test_waived_and_unknown_annotate_nothing() -> None:
    rows = tuple(f for f in factory.FINDINGS if f.status in ("waived", "not-assessed"))
    assert len(lines(factory.report(findings=rows, problems=()))) == 1


def test_annotations_read_as_before() -> None:
    factory.check_golden("usual.github.txt", render("github", factory.report()))
