"""The terminal report: complete, honest when piped, and harmless."""

from __future__ import annotations

import re

import pytest

from auditor.report import FixInfo, Location
from auditor.reporters import render
from auditor.reporters.interface import RenderOptions
from auditor.reporters.terminal import SHOWN_PER_POLICY
from tests.unit import report_factory as factory

COLOR = RenderOptions(color=True, hyperlinks=True, link_base="https://git.example/blob/abc")
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b\x07]*\x1b\\")


def text(report: object = None, **options: object) -> str:
    return render("terminal", report or factory.report(), RenderOptions(**options)).decode()  # type: ignore[arg-type]


def test_it_reads_as_before() -> None:
    factory.check_golden("usual.txt", text().encode())


def test_everything_reads_as_before() -> None:
    factory.check_golden("usual-verbose.txt", text(verbose=True).encode())


def test_nothing_found_reads_as_before() -> None:
    factory.check_golden("clean.txt", text(factory.clean()).encode())


def test_nothing_evaluated_gives_no_score() -> None:
    assert "Score ?: nothing could be evaluated" in text(factory.empty())


@pytest.mark.parametrize("nasty", factory.NASTY)
def test_without_colour_no_control_character_is_written(nasty: str) -> None:
    written = text(factory.hostile(nasty), verbose=True)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", written)


@pytest.mark.parametrize("nasty", factory.NASTY)
def test_in_colour_the_only_escapes_are_ours(nasty: str) -> None:
    written = render("terminal", factory.hostile(nasty), COLOR).decode()
    assert "\x1b[" in written
    assert "\x1b" not in _ESCAPE.sub("", written)


def test_colour_changes_no_word() -> None:
    colored = render("terminal", factory.report(), RenderOptions(color=True)).decode()
    assert _ESCAPE.sub("", colored) == text()


@pytest.mark.parametrize("nasty", factory.NASTY)
def test_a_pipe_gets_what_rich_would_write_without_colours(nasty: str) -> None:
    report = factory.hostile(nasty)
    colored = render("terminal", report, RenderOptions(color=True, verbose=True)).decode()
    assert _ESCAPE.sub("", colored) == text(report, verbose=True)


def test_links_are_written_only_when_the_terminal_understands_them() -> None:
    target = "https://git.example/blob/abc/apps/base/ml-worker.yaml#L14"
    assert f"\x1b]8;;{target}\x1b\\" in render("terminal", factory.report(), COLOR).decode()
    assert target not in text(link_base="https://git.example/blob/abc")


def test_paths_are_never_cut_or_broken() -> None:
    path = "/".join(["a-rather-long-folder-name"] * 12) + "/deployment.yaml"
    written = text(factory.report(findings=(factory.finding(location=Location(path, 7, 3)),)), width=60)
    assert f"{path}:7:3" in written


def test_no_line_ends_in_blanks() -> None:
    assert not re.search(r"[ ]\n", text(verbose=True))


def test_the_caret_stands_under_the_place() -> None:
    lines = text().splitlines()
    at = next(n for n, line in enumerate(lines) if "- name: worker" in line)
    assert lines[at + 1].index("^") == lines[at].index("name: worker")
    assert lines[at + 1].count("^") == len("name: worker")


@pytest.mark.parametrize("before", ["漢字: ", "\t", "\x1b[0m", "é", "🧪 "])
def test_the_caret_counts_what_is_shown(before: str) -> None:
    from rich.cells import cell_len

    line = f"{before}value"
    where = Location("a.yaml", 1, len(before) + 1, 1, len(line) + 1)
    finding = factory.finding(location=where, excerpt=((1, line),))
    lines = text(factory.report(findings=(finding,))).splitlines()
    at = next(n for n, shown in enumerate(lines) if shown.endswith("value"))
    assert lines[at + 1].index("^") == cell_len(lines[at][: lines[at].index("value")])


def test_a_very_long_source_line_is_cut_around_the_place() -> None:
    line = "x" * 5000 + "HERE" + "y" * 5000
    finding = factory.finding(location=Location("a.yaml", 1, 5001, 1, 5005), excerpt=((1, line),))
    lines = text(factory.report(findings=(finding,))).splitlines()
    (shown,) = (row for row in lines if "HERE" in row)
    assert len(shown) <= 100
    assert lines[lines.index(shown) + 1].index("^") == shown.index("HERE")


def test_many_findings_show_the_first_of_each_policy_and_count_the_rest() -> None:
    written = text(factory.big(100))
    assert written.count("GPU-002 gpu-untolerated-taint") == SHOWN_PER_POLICY
    assert "… 96 more (--verbose shows them): GPU-002 ×8, RES-004 ×88" in written
    assert text(factory.big(100), verbose=True).count("GPU-002 gpu-untolerated-taint") == 10


def test_owners_come_by_their_gravest_finding_and_keep_theirs_together() -> None:
    owners = re.findall(r"^(?:Deployment|ScaledObject|aws_)\S* ?\S*", text(), re.MULTILINE)
    assert owners == [
        "Deployment inference/ml-worker",
        "ScaledObject inference/ml-worker",
        "aws_eks_node_group.gpu ",
    ]
    codes = re.findall(r"^  (?:critical|high|low|error)  (\S+)", text(), re.MULTILINE)
    assert codes == ["GPU-002", "GPU-003", "RES-004", "KED-003", "RES-004"]


def test_money_score_and_verdict_are_said() -> None:
    written = " ".join(text().split())
    assert "change +$734.38/month" in written
    assert "Score 69.0 of 100, grade D (provisional), capped by an open critical finding" in written
    assert written.endswith("FAILED: 2 findings at or above high (exit code 1)")


def test_a_refused_fix_says_why() -> None:
    refused = factory.finding(fix=FixInfo("set it", "safe", refused="two overlays set it"))
    assert "by hand: set it (two overlays set it)" in text(factory.report(findings=(refused,)))


def test_an_unsafe_fix_names_the_switch() -> None:
    unsafe = factory.finding(fix=factory.fix("drop it", "unsafe"))
    assert "auditor fix --policy GPU-002 --unsafe" in text(factory.report(findings=(unsafe,)))
