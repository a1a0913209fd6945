"""The HTML page's table of findings: one body a finding, its details in a second row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from auditor.policy import SEVERITIES
from auditor.report import Finding, Location, PolicyResult, Report
from auditor.reporters.excerpt import excerpt_lines
from auditor.reporters.interface import (
    RenderOptions,
    gravity,
    link,
    monthly,
    place,
    policies_by_code,
    severity_rank,
    words,
)
from auditor.reporters.markup import Html, join, tag
from auditor.reporters.text import one_line

SHOWN = 2_000
EXCERPT_WIDTH = 160
COLUMNS = (("severity", "rank"), ("policy", "policy"), ("finding", "owner"), ("where", "where"))
STATUSES = (("open", "open (fail, error)"), ("fail", "fail"), ("error", "error"), ("waived", "waived"))


def findings_section(report: Report, options: RenderOptions) -> Html:
    """Filters, the table, and a word about what is left out."""
    found = sorted(report.findings, key=gravity)
    shown = found[:SHOWN]
    title = tag("h2", "Findings", id="findings-title")
    if not shown:
        return tag("section", title, tag("p", "Nothing was found."))
    rows = [_body(at, f, report, options) for at, f in enumerate(shown)]
    heads = [
        tag(
            "th",
            tag("button", name.capitalize(), type="button", class_="sort", data_key=key),
            _plain(name),
            scope="col",
        )
        for name, key in COLUMNS
    ]
    columns = tag("colgroup", *(tag("col", class_=f"c{at}") for at in range(1, 5)))
    table = tag(
        "table",
        columns,
        tag("thead", tag("tr", *heads)),
        *rows,
        id="findings",
        aria_labelledby="findings-title",
    )
    left = len(found) - len(shown)
    note = f"{left} more, less grave, are in the JSON report." if left else ""
    return tag(
        "section",
        title,
        _controls(report, shown),
        tag("p", id="count", class_="count needs-js", role="status", aria_live="polite"),
        table,
        tag("p", note, class_="dim") if note else "",
        id="list",
    )


def _plain(name: str) -> Html:
    return tag("span", name.capitalize(), class_="plain")


def _controls(report: Report, shown: Sequence[Finding]) -> Html:
    policies = policies_by_code(report)
    categories = sorted({policies[f.policy].category for f in shown if f.policy in policies})
    targets = sorted({target for f in shown for target in f.targets})
    search = tag("input", id="filter-text", type="search", placeholder="name, policy, file, text …  ( / )")
    states = (*STATUSES, ("not-assessed", "not assessed"))
    return tag(
        "div",
        tag("label", "Search", search, class_="wide"),
        _select("severity", ((name, name) for name in SEVERITIES)),
        _select("category", ((name, one_line(name)) for name in categories)),
        _select("status", states, chosen="open" if any(f.status in ("fail", "error") for f in shown) else ""),
        _select("target", ((name, one_line(name)) for name in targets)),
        tag("button", "Reset", type="button", id="reset"),
        tag("button", "Expand all", type="button", id="expand", aria_pressed="false"),
        class_="controls",
    )


def _select(name: str, choices: Iterable[tuple[str, str]], chosen: str = "") -> Html:
    options = [
        tag("option", label, value=value, selected=bool(chosen) and value == chosen)
        for value, label in (("", "all"), *choices)
    ]
    return tag("label", name.capitalize(), tag("select", *options, id=f"filter-{name}"))


def _body(at: int, finding: Finding, report: Report, options: RenderOptions) -> Html:
    policy = policies_by_code(report).get(finding.policy)
    return tag(
        "tbody",
        _row(at, finding, policy, options),
        tag("tr", tag("td", _detail(at, finding, policy, options), colspan=4), class_="more"),
        data_at=at,
        data_rank=severity_rank(finding.severity),
        data_severity=finding.severity,
        data_status=finding.status,
        data_category=policy.category if policy else "",
        data_policy=finding.policy,
        data_owner=one_line(finding.title),
        data_where=place(finding.location),
        data_targets=msgspec.json.encode([one_line(target) for target in finding.targets]).decode(),
    )


def _row(at: int, finding: Finding, policy: PolicyResult | None, options: RenderOptions) -> Html:
    state = tag("span", finding.status.replace("-", " "), class_=f"status {finding.status}")
    fresh = tag("span", "new", class_="status new")
    marks = [state] if finding.status != "fail" else []
    marks += [fresh] if finding.new else []
    button = tag(
        "button",
        words(finding),
        type="button",
        class_="what",
        aria_expanded="false",
        aria_controls=f"detail-{at}",
    )
    name = tag("span", policy.id, class_="policy-id") if policy else ""
    return tag(
        "tr",
        tag("td", tag("span", finding.severity, class_=f"severity {finding.severity}")),
        tag("td", tag("b", finding.policy), name),
        tag("td", button, tag("div", one_line(finding.title), " ", *_spaced(marks), class_="owner")),
        tag("td", _place(finding.location, options), _targets(finding.targets)),
        class_="row",
    )


def _spaced(parts: Iterable[Html]) -> list[str]:
    return [piece for part in parts for piece in (part, " ")]


def _targets(targets: tuple[str, ...]) -> Html:
    return tag("div", ", ".join(one_line(target) for target in targets), class_="target")


def _place(location: Location, options: RenderOptions) -> Html:
    address = link(options.link_base, location)
    text = place(location)
    return tag("a", text, href=address, class_="mono") if address else tag("span", text, class_="mono")


def _detail(at: int, finding: Finding, policy: PolicyResult | None, options: RenderOptions) -> Html:
    parts: list[str] = []
    if policy is not None:
        parts.append(tag("p", tag("b", policy.title), ". ", one_line(policy.rationale)))
    parts += [_excerpt(finding), *_notes(finding)]
    parts += [
        tag("p", "See ", _place(end.location, options), f"  {one_line(end.what)}") for end in finding.related
    ]
    parts += _repair(finding)
    if policy is not None and policy.references:
        parts.append(tag("p", "More: ", *_spaced(_reference(text) for text in policy.references)))
    return tag("div", *parts, class_="detail", id=f"detail-{at}")


def _excerpt(finding: Finding) -> Html:
    lines = []
    for line in excerpt_lines(finding, EXCERPT_WIDTH):
        marked = tag("mark", line.marked) if line.hit and line.marked else line.marked
        lines.append(join([tag("span", str(line.number), class_="n"), line.before, marked, line.after, "\n"]))
    return tag("pre", tag("code", *lines), tabindex="0") if lines else Html("")


def _notes(finding: Finding) -> list[Html]:
    notes = []
    location, waiver = finding.location, finding.waiver
    if location.precision != "exact" or location.note:
        known = {"file": "Only the file is known. ", "rendered": "This is a rendered copy. "}
        notes.append(tag("p", known.get(location.precision, ""), one_line(location.note), class_="dim"))
    if finding.reason and finding.message:
        notes.append(tag("p", one_line(finding.reason)))
    if finding.cost is not None:
        notes.append(tag("p", "At stake: ", tag("b", monthly(finding.cost))))
    if waiver is not None:
        facts = (("by", waiver.by), ("until", waiver.until), ("ticket", waiver.ticket), ("in", waiver.place))
        told = ", ".join(f"{name} {one_line(value)}" for name, value in facts if value)
        notes.append(tag("p", tag("b", "Waived: "), one_line(waiver.reason), f" ({told})" if told else ""))
    return notes


def _repair(finding: Finding) -> list[Html]:
    parts = [tag("p", tag("b", "Repair: "), one_line(finding.repair))] if finding.repair else []
    fix = finding.fix
    if fix is None:
        return parts
    if fix.refused:
        return [*parts, tag("p", tag("b", "By hand: "), f"{one_line(fix.title)} ({one_line(fix.refused)})")]
    unsafe = " (unsafe: read it before you apply it)" if fix.safety == "unsafe" else ""
    parts.append(tag("p", tag("b", "Fix: "), one_line(fix.title), unsafe))
    if fix.diff:
        parts.append(tag("pre", tag("code", *map(_diff_line, fix.diff.splitlines())), tabindex="0"))
    return parts


def _diff_line(line: str) -> Html:
    style = {"+": "add", "-": "del"}.get(line[:1], "same")
    return tag("span", line or " ", class_=style)


def _reference(text: str) -> Html:
    if text.startswith(("https://", "http://")):
        return tag("a", text, href=text, rel="noreferrer noopener")
    return tag("span", one_line(text))
