"""The pull-request comment: all of it there, nothing injected, never too long."""

from __future__ import annotations

import re

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from auditor.report import Change, FixInfo, ProblemRow, Report, ScoreChangeRow
from auditor.reporters import render
from auditor.reporters.interface import RenderOptions
from auditor.reporters.markdown import LIMIT, escape, marker
from tests.unit import report_factory as factory

BASE = "https://github.com/o/r/blob/abc"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
OURS = re.compile(r"<!-- auditor:\S* -->|</?details>|<details><summary>[^<>]*</summary>|<br>")


def text(report: Report | None = None, **options: object) -> str:
    return render("markdown", report or factory.report(), RenderOptions(link_base=BASE, **options)).decode()  # type: ignore[arg-type]


def tokens(source: str) -> list[Token]:
    found = []
    for token in MARKDOWN.parse(source):
        found.append(token)
        found += token.children or []
    return found


def changed() -> Report:
    change = Change(
        base="origin/main",
        before=84.21,
        after=69.0,
        points=-15.21,
        rows=(
            ScoreChangeRow("GPU-002", "changed", -12.5),
            ScoreChangeRow("", "cap", -9.61),
            ScoreChangeRow("IAM-002", "began", 6.9),
        ),
        fixed=(factory.finding("RES-004", message="limit was missing"),),
        new=3,
        unchanged=1,
    )
    return factory.report(change=change)


@pytest.mark.parametrize("nasty", [*factory.NASTY, " ".join(factory.NASTY)])
def test_the_tree_can_make_no_html_link_or_image(nasty: str) -> None:
    found = tokens(text(factory.hostile(nasty)))
    html = [t.content.strip() for t in found if t.type in ("html_block", "html_inline")]
    assert all(OURS.fullmatch(line) for block in html for line in block.splitlines() if line)
    links = [str(t.attrs["href"]) for t in found if t.type == "link_open"]
    assert links and all(link.startswith(f"{BASE}/") for link in links)
    assert not [t for t in found if t.type in ("image", "strong_open") and "http" in t.content]


@pytest.mark.parametrize("nasty", [*filter(None, factory.NASTY), " ".join(factory.NASTY)])
def test_the_tree_can_break_out_of_no_table_list_or_fence(nasty: str) -> None:
    def shape(source: str) -> list[str]:
        blocks = [t for t in MARKDOWN.parse(source) if t.level == 0 or "td" in t.type or "tr" in t.type]
        return [t.type for t in blocks]

    assert shape(text(factory.hostile(nasty))) == shape(text(factory.hostile("plain")))


@pytest.mark.parametrize("nasty", factory.NASTY)
def test_outside_of_fences_nothing_mentions_or_refers(nasty: str) -> None:
    prose = re.sub(
        r"^(`{3,})diff\n.*?\n\1$", "", text(factory.hostile(nasty)), flags=re.DOTALL | re.MULTILINE
    )
    words = re.sub(r"\]\(https://github\.com/o/r/[^)]*\)|^#+ |<!--.*-->", "", prose, flags=re.MULTILINE)
    assert not re.search(r"@(?!&#8203;)|#(?!8203;|&#8203;)|://|www\.|GH-\d", words)


def test_a_diff_can_not_close_its_fence() -> None:
    diff = "--- a\n+++ b\n+````\n+``````diff\n+</details>\n"
    found = tokens(text(factory.report(findings=(factory.finding(fix=FixInfo("x", "safe", diff=diff)),))))
    (fence,) = (t for t in found if t.type == "fence")
    assert fence.content == diff


def test_escaped_words_read_as_they_were() -> None:
    said = "a_b*c*`d` [e](f) <g> h|i & ~j~ \\ $k$ 50%"
    (inline,) = (t for t in MARKDOWN.parse(f"x {escape(said)}") if t.type == "inline")
    assert "".join(t.content for t in inline.children or []) == f"x {said}"


def test_the_marker_names_the_scope_and_can_not_be_closed_early() -> None:
    assert text().startswith("<!-- auditor:platform -->\n")
    assert text(scope="prod/eu").startswith("<!-- auditor:prod/eu -->\n")
    assert marker("a --> b") == "<!-- auditor:a%20-%2D%3E%20b -->"
    assert len(marker("x" * 9999)) < 300


def test_new_findings_are_one_row_an_owner_and_linked() -> None:
    rows = [line for line in text().splitlines() if line.startswith(("| 🔴", "| 🔵"))]
    assert len(rows) == 2
    assert f"[apps/base/ml-worker.yaml:14]({BASE}/apps/base/ml-worker.yaml#L14)" in rows[0]
    assert "GPU-002" in rows[0] and "RES-004" in rows[0] and "GPU-003" not in rows[0]


def test_without_a_base_all_open_findings_are_shown() -> None:
    rows = tuple(msgspec.structs.replace(f, new=None) for f in factory.FINDINGS)
    written = text(factory.report(findings=rows))
    assert "#### Findings (4)" in written and "GPU-003" in written


def test_without_a_link_base_there_are_no_links() -> None:
    written = render("markdown", factory.report()).decode()
    assert not [t for t in tokens(written) if t.type == "link_open"]


def test_at_most_ten_owners_are_shown_and_the_rest_counted() -> None:
    written = text(factory.big(50))
    assert written.count("| 🔴") == 5 and written.count("| 🔵") == 5
    assert "… and 40 more, in the full report." in written


def test_the_money_line_stands_in_the_head() -> None:
    assert r"💰 **change +\$734.38/month**" in text()


def test_what_changed_is_told_policy_by_policy() -> None:
    written = text(changed())
    assert "Against origin/main: 3 new, 1 fixed, score -15.21" in written
    assert "Score change: -15.21" in written
    assert "| cap by the gravest open finding | -9.61 |  |" in written
    assert "| IAM-002 static-aws-keys | +6.90 | now evaluated |" in written
    assert "Fixed (1)" in written and "limit was missing" in written


def test_waivers_show_their_end_and_unknowns_their_repair() -> None:
    written = text()
    assert "| Job inference/warm-up | 2027-01-31 | ana | runs once, by hand |" in written
    assert "| declare job.p95 for inference/ocr in auditor.toml | 1 | ZRO-009 |" in written


def test_inputs_that_could_not_be_read_stand_before_everything_else() -> None:
    written = text()
    assert written.index("Not audited (2)") < written.index("New findings")


@pytest.mark.parametrize("length", [10, 1_000, 30_000, 70_000])
def test_it_is_never_too_long_and_drops_whole_rows(length: int) -> None:
    rows = tuple(
        factory.finding(
            resource=f"r{n}",
            title=f"r{n}",
            message=f"BEGIN{'x' * length}END",
            fix=FixInfo("t", "safe", diff=f"+BEGIN{'y' * length}END\n"),
            new=True,
        )
        for n in range(40)
    )
    unknown = tuple(
        factory.finding("ZRO-009", status="not-assessed", repair=f"BEGIN{n}{'z' * length}END")
        for n in range(40)
    )
    problems = tuple(ProblemRow("a", 1, 1, f"BEGIN{'w' * length}END", "") for _ in range(40))
    written = text(factory.report(findings=rows + unknown, problems=problems))
    assert len(written) <= LIMIT
    assert written.count("BEGIN") == written.count("END")
    assert "more, in the full report." in written
    assert written.count("<details>") == written.count("</details>")


def test_the_most_urgent_rows_are_kept_longest() -> None:
    rows = tuple(
        factory.finding(
            resource=f"r{n}", message="m" * 2_000, fix=factory.fix(diff=f"+{n}{'d' * 20_000}\n"), new=True
        )
        for n in range(10)
    )
    written = text(factory.report(findings=rows))
    assert written.count("| 🔴") == 10
    assert 0 < written.count("```diff") < 10


def test_the_comment_reads_as_before() -> None:
    factory.check_golden("usual.md", text(changed()).encode())


def test_a_clean_comment_reads_as_before() -> None:
    factory.check_golden("clean.md", text(factory.clean()).encode())
