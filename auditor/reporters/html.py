"""One self-contained page: no request leaves it, and nothing in the audited tree can run in it."""

from __future__ import annotations

from msgspec.structs import replace

from auditor.policy import SEVERITIES
from auditor.report import MoneyRow, PolicyResult, ProblemRow, Report, encode
from auditor.reporters.drawings import category_chart, score_ring
from auditor.reporters.findings_table import findings_section
from auditor.reporters.history import history_sections
from auditor.reporters.interface import (
    RenderOptions,
    change_line,
    counted,
    link,
    missing_by_repair,
    money,
    money_change,
    number,
    place,
    policies_by_code,
    policy_name,
    verdict_line,
    with_status,
    words,
)
from auditor.reporters.join_drawing import join_graph, joins_in_words, status_key
from auditor.reporters.markup import Html, tag
from auditor.reporters.page import Cells, document, fold, folded, table
from auditor.reporters.text import one_line

SHOWN_GRAPHS = 40
SHOWN_GROUPS = 6
"""Rows of the money table; more are folded, because it stands beside the chart."""
AMOUNTS = ("Floor", "Expected", "Worst")
SHOWN_REPAIRS = 200
EMBEDDED_BYTES = 8_000_000


def render(report: Report, options: RenderOptions) -> bytes:
    """An HTML5 document in UTF-8."""
    return document(
        f"auditor: {one_line(report.scope)}",
        tag("a", "To the findings", href="#list", class_="skip"),
        _header(report),
        tag("main", *_sections(report, options)),
        tag("footer", tag("p", _made(report))),
        _payload(report),
    )


def _payload(report: Report) -> Html:
    """The report as data, without the passes that it counts.

    ``<`` is written as an escape, so that no tag can be closed from inside.
    """
    data = encode(replace(report, judged=())).decode()
    if len(data) > EMBEDDED_BYTES:
        return Html("")
    for character in "<>&\u2028\u2029":
        data = data.replace(character, f"\\u{ord(character):04x}")
    return tag("script", Html(data), type="application/json", id="report")


def _header(report: Report) -> Html:
    code = report.gate.exit_code
    inputs = report.inputs
    facts = (
        f"{counted(inputs.resources, 'resource')} in {counted(len(report.targets), 'target')}, "
        f"{counted(inputs.files, 'file')} read, {counted(len(report.policies), 'policy', 'policies')}"
    )
    outcome = {0: " passed", 3: " incomplete"}.get(code, "")
    inner = (
        tag("h1", f"Audit of {one_line(report.scope)}"),
        tag("p", facts, class_="facts"),
        tag("strong", verdict_line(report), class_=f"verdict{outcome}"),
        _chips(report),
    )
    return tag("header", tag("div", *inner))


def _chips(report: Report) -> Html:
    failed = [f for f in report.findings if f.status == "fail"]
    chips = [
        tag("li", tag("b", str(sum(f.severity == s for f in failed))), tag("span", s, class_=f"severity {s}"))
        for s in SEVERITIES
    ]
    for status in ("error", "waived", "not-assessed"):
        amount = sum(f.status == status for f in report.findings)
        if amount:
            chips.append(tag("li", tag("b", str(amount)), status.replace("-", " ")))
    return tag("ul", *chips, class_="chips", aria_label="Findings by verdict")


def _sections(report: Report, options: RenderOptions) -> list[Html]:
    return [
        tag("div", _score(report), _money(report, options), class_="third stacked"),
        _categories(report),
        _change(report),
        *history_sections(report.history),
        _problems("Inputs that could not be used", report.problems, options),
        findings_section(report, options),
        *_graphs(report),
        _missing(report),
        _waived(report),
        _policies(report),
        _problems("Worth knowing", report.warnings, options),
    ]


def _score(report: Report) -> Html:
    score = report.score
    if score.effective is None:
        return tag("section", tag("h2", "Score"), tag("p", "Nothing could be evaluated."))
    provisional = " (provisional: coverage under 90 %)" if score.provisional else ""
    lines = [tag("p", f"Grade {score.grade}{provisional}", class_="grade")]
    if score.cap:
        lines.append(
            tag("p", f"Capped by an open {score.cap} finding; {number(score.uncapped)} without the cap.")
        )
    if score.raw != score.uncapped:
        lines.append(tag("p", f"{number(score.raw)} with waived findings counted as failures."))
    lines.append(tag("p", f"Coverage {number(score.coverage)} % of what could be asked.", class_="dim"))
    told = tag("div", score_ring(score.effective), tag("div", *lines), class_="score")
    return tag("section", tag("h2", "Score"), told)


def _categories(report: Report) -> Html:
    rows = [row for row in report.categories if row.evaluated]
    if not rows:
        return Html("")
    return tag("section", tag("h2", "Score by category"), category_chart(rows), class_="rest")


def _change(report: Report) -> Html:
    change = report.change
    if change is None:
        return Html("")
    policies = policies_by_code(report)
    kinds = {"began": "now evaluated", "ceased": "no longer evaluated", "cap": "the gravest open finding"}
    rows = [
        (
            ("Policy", policy_name(policies, row.policy) if row.policy else "cap"),
            ("Points", f"{row.points:+.2f}"),
            ("", kinds.get(row.kind, "")),
        )
        for row in change.rows
    ]
    fixed = [
        (("Fixed", policy_name(policies, f.policy)), ("Resource", one_line(f.title)), ("", words(f)))
        for f in change.fixed
    ]
    return tag(
        "section",
        tag("h2", "Change"),
        tag("p", change_line(report)),
        table(rows, "Points"),
        fold(f"Fixed ({len(fixed)})", table(fixed)) if fixed else "",
    )


def _problems(title: str, problems: tuple[ProblemRow, ...], options: RenderOptions) -> Html:
    rows: list[Cells] = [
        (("Where", _place(row, options)), ("What", one_line(row.what)), ("Repair", one_line(row.repair)))
        for row in problems
    ]
    return tag("section", tag("h2", f"{title} ({len(rows)})"), table(rows)) if rows else Html("")


def _place(row: ProblemRow | MoneyRow, options: RenderOptions) -> Html:
    from auditor.report import Location

    where = row.location if isinstance(row, MoneyRow) else Location(row.file, row.line, row.column)
    address = link(options.link_base, where)
    text = place(where)
    return tag("a", text, href=address, class_="mono") if address else tag("span", text, class_="mono")


def _money(report: Report, options: RenderOptions) -> Html:
    spent = report.money
    if spent is None:
        return Html("")
    rows = [_money_row(row, options) for row in spent.rows]
    total = (
        f"Floor {money(spent.floor)}, expected {money(spent.expected)}, worst {money(spent.worst)} a month"
    )
    about = f"From Git alone. {one_line(spent.region)}, prices of {one_line(spent.prices_as_of)}."
    changed = money_change(report)
    listed = table(rows, *AMOUNTS)
    shown = listed if len(rows) <= SHOWN_GROUPS else fold(f"{len(rows)} groups", listed)
    return tag(
        "section",
        tag("h2", "GPU nodes, USD a month"),
        tag("p", tag("b", total), f"; {changed}" if changed else "", ". ", tag("span", about, class_="dim")),
        shown,
    )


def _money_row(row: MoneyRow, options: RenderOptions) -> Cells:
    """The group with all that is said of it in one cell: the table stands in a narrow column."""
    hourly = "price not known" if row.usd_per_hour is None else f"{row.usd_per_hour:g} USD/hour"
    about = f"{one_line(row.instance_type)}, {hourly}; target {one_line(row.target)}"
    note = tag("div", one_line(row.note), class_="owner") if row.note else ""
    group = tag(
        "div",
        tag("b", one_line(row.group)),
        tag("div", about, class_="owner"),
        tag("div", _place(row, options), class_="owner"),
        note,
    )
    amounts = zip(AMOUNTS, (row.floor, row.expected, row.worst), strict=True)
    return (("Group", group), *((name, money(amount)) for name, amount in amounts))


def _graphs(report: Report) -> list[Html]:
    shown = report.graphs[:SHOWN_GRAPHS]
    drawn = [
        tag(
            "details",
            tag("summary", one_line(graph.name)),
            tag(
                "div",
                tag("figure", join_graph(graph, at), class_="drawing", tabindex="0"),
                joins_in_words(graph),
                class_="joins",
            ),
            open=at == 0,
        )
        for at, graph in enumerate(shown)
    ]
    if not drawn:
        return []
    left = len(report.graphs) - len(shown)
    note = tag("p", f"{left} more are in the JSON report.", class_="dim") if left else ""
    return [tag("section", tag("h2", "What belongs together"), *drawn, status_key(), note)]


def _missing(report: Report) -> Html:
    missing = missing_by_repair(report.findings)
    rows: list[Cells] = [
        (
            ("What would decide it", row.repair),
            ("Rows", str(row.owners)),
            ("Policies", ", ".join(row.policies)),
        )
        for row in missing[:SHOWN_REPAIRS]
    ]
    total = sum(row.owners for row in missing)
    return folded(f"Not assessed ({total})", table(rows, "Rows")) if rows else Html("")


def _waived(report: Report) -> Html:
    policies = policies_by_code(report)
    rows: list[Cells] = []
    for finding in with_status(report, "waived"):
        waiver = finding.waiver
        told = (waiver.until or "no end", waiver.by, waiver.reason) if waiver else ("", "", "")
        until, by, reason = (one_line(text) for text in told)
        policy = policy_name(policies, finding.policy)
        rows.append(
            (
                ("Policy", policy),
                ("Resource", one_line(finding.title)),
                ("Until", until),
                ("By", by),
                ("Reason", reason),
            )
        )
    return folded(f"Waived ({len(rows)})", table(rows)) if rows else Html("")


def _policies(report: Report) -> Html:
    counts = ("Passed", "Failed", "Waived", "Errors", "Not assessed", "Points", "Of")
    rows = [_policy(policy) for policy in report.policies]
    return folded(f"Policies ({len(rows)})", table(rows, *counts)) if rows else Html("")


def _policy(policy: PolicyResult) -> Cells:
    return (
        ("Policy", f"{policy.code} {policy.id}"),
        ("Severity", tag("span", policy.severity, class_=f"severity {policy.severity}")),
        ("Passed", str(policy.passed)),
        ("Failed", str(policy.failed)),
        ("Waived", str(policy.waived)),
        ("Errors", str(policy.errors)),
        ("Not assessed", str(policy.not_assessed)),
        ("Points", number(policy.points, 2) if policy.points is not None else "–"),
        ("Of", number(policy.possible, 2) if policy.possible is not None else "–"),
    )


def _made(report: Report) -> list[str]:
    made = (
        f"{report.tool} {report.tool_version}, {report.generated_at}, policy set {report.policy_set}, "
        f"score model {report.score.model_version}. "
    )
    return [
        one_line(made) + " ",
        tag("button", "Download JSON", type="button", id="download", class_="needs-js"),
    ]
