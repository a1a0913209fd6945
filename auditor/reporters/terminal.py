"""The report for a person at a terminal: owners, source, repairs, score, verdict.

Without colour the output holds no escape sequence. Paths are never cut or broken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from auditor.report import Finding, Location, ProblemRow, Report
from auditor.reporters.excerpt import ExcerptLine, excerpt_lines
from auditor.reporters.interface import (
    Owned,
    RenderOptions,
    by_owner,
    change_line,
    counted,
    counts_line,
    gravity,
    link,
    missing_by_repair,
    money_line,
    monthly,
    number,
    place,
    policies_by_code,
    score_line,
    verdict_line,
    with_status,
    words,
)
from auditor.reporters.screen import Part, Screen, cells, screen_for
from auditor.reporters.text import one_line

SHOWN_PER_POLICY = 2
SHOWN_IN_ALL = 20
SHOWN_REPAIRS = 8
SHOWN_PROBLEMS = 10
BAR = 20
_STYLES = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "error": "bold magenta",
    "A": "bold green",
    "B": "green",
    "C": "yellow",
    "D": "red",
    "F": "bold red",
    "?": "dim",
}


def render(report: Report, options: RenderOptions) -> bytes:
    """UTF-8 text; ANSI colours and OSC 8 links only when the options ask for them."""
    screen = screen_for(options)
    _Page(report, options, screen).draw()
    return screen.drawn().encode("utf-8", "backslashreplace")


class _Page:
    """One rendering in progress."""

    __slots__ = ("options", "policies", "report", "screen")

    def __init__(self, report: Report, options: RenderOptions, screen: Screen) -> None:
        self.report, self.options, self.screen = report, options, screen
        self.policies = policies_by_code(report)

    def draw(self) -> None:
        """All sections, the verdict last, where the eye rests."""
        self._head()
        self._findings()
        self._waived()
        self._missing()
        self._rows("Problems", self.report.problems)
        self._rows("Warnings", self.report.warnings)
        self._score()
        self._verdict()

    def _say(self, *parts: Part, indent: int = 0) -> None:
        """A paragraph, indented."""
        self.screen.paragraph(parts, indent)

    def _keep(self, *parts: Part) -> None:
        """One line that is never wrapped or cut."""
        self.screen.line(parts)

    def _blank(self) -> None:
        self.screen.line()

    def _head(self) -> None:
        report, inputs = self.report, self.report.inputs
        self._say(
            (f"{report.tool} {one_line(report.tool_version)}", "bold"),
            f"  {one_line(report.scope)}: {counted(inputs.resources, 'resource')} in "
            f"{counted(len(report.targets), 'target')}, "
            f"{counted(len(report.policies), 'policy', 'policies')}, {counted(inputs.files, 'file')} read",
        )
        self._blank()

    def _findings(self) -> None:
        found = with_status(self.report, "fail", "error")
        shown = found if self.options.verbose else _gravest(found)
        for owner in by_owner(shown):
            self._owner(owner)
        if len(found) > len(shown):
            self._more(found, shown)

    def _more(self, found: list[Finding], shown: list[Finding]) -> None:
        left = Counter(f.policy for f in found)
        left.subtract(f.policy for f in shown)
        rows = ", ".join(f"{code} ×{amount}" for code, amount in left.items() if amount)
        self._say((f"… {len(found) - len(shown)} more", "bold"), f" (--verbose shows them): {rows}")
        self._blank()

    def _owner(self, owner: Owned) -> None:
        self._say((owner.title, "bold underline"), (_targets(owner.targets), "dim"))
        places: dict[Location, list[Finding]] = {}
        for finding in owner.findings:
            places.setdefault(finding.location, []).append(finding)
        for location, findings in places.items():
            self._place(location, findings)
        self._blank()

    def _place(self, location: Location, findings: list[Finding]) -> None:
        """Everything that is found at one place, and its lines once."""
        for finding in findings:
            self._finding(finding)
        self._location("-->", location)
        self._excerpt(findings[0])
        for end in dict.fromkeys(end for finding in findings for end in finding.related):
            self._location("see", end.location, one_line(end.what))

    def _finding(self, finding: Finding) -> None:
        policy = self.policies.get(finding.policy)
        label = "error" if finding.status == "error" else finding.severity
        self._say(
            (label, _STYLES[label]),
            "  ",
            (finding.policy, "bold"),
            f" {policy.id}" if policy else "",
            ("  new", "bold green") if finding.new else "",
            indent=2,
        )
        self._say(words(finding), indent=4)
        self._repair(finding)

    def _location(self, arrow: str, location: Location, what: str = "") -> None:
        address = link(self.options.link_base, location) if self.options.hyperlinks else ""
        self._keep(
            f"    {arrow} ",
            (place(location, column=True), f"cyan link {address}" if address else "cyan"),
            f"  {what}" if what else "",
            _note(location),
        )

    def _excerpt(self, finding: Finding) -> None:
        room = max(self.screen.width - 14, 20)
        for line in excerpt_lines(finding, room):
            self._source(line, _STYLES[finding.severity])

    def _source(self, line: ExcerptLine, style: str) -> None:
        self._keep((f"    {line.number:>5} │ ", "dim"), line.before, (line.marked, style), line.after)
        if line.hit:
            blanks = " " * cells(line.before)
            self._keep(("          │ ", "dim"), blanks, ("^" * max(cells(line.marked), 1), style))

    def _repair(self, finding: Finding) -> None:
        fix = finding.fix
        policy = self.policies.get(finding.policy)
        if fix is not None and fix.refused:
            self._say(("by hand: ", "yellow"), f"{one_line(fix.title)} ({one_line(fix.refused)})", indent=4)
        elif fix is not None:
            unsafe = " --unsafe" if fix.safety == "unsafe" else ""
            command = f"  [auditor fix --policy {finding.policy}{unsafe}]"
            self._say(("fix: ", "green"), one_line(fix.title), (command, "dim"), indent=4)
            self._diff(fix.diff)
        elif finding.repair or (policy and policy.fix):
            repair = finding.repair or (policy.fix if policy else "")
            self._say(("repair: ", "green"), one_line(repair), indent=4)
        if finding.cost is not None:
            self._say(f"at stake: {monthly(finding.cost)}", indent=4)

    def _diff(self, diff: str) -> None:
        from auditor.reporters.text import visible

        if not self.options.verbose:
            return
        for line in diff.splitlines():
            style = {"+": "green", "-": "red"}.get(line[:1], "dim")
            self._keep("      ", (visible(line), style))

    def _waived(self) -> None:
        waived = with_status(self.report, "waived")
        if not waived:
            return
        self._say((f"Waived: {len(waived)}", "bold"))
        shown = waived if self.options.verbose else waived[:SHOWN_REPAIRS]
        for finding in shown:
            self._keep(f"  {finding.policy}  {one_line(finding.title)}  {_waiver(finding)}")
        self._rest(len(waived) - len(shown))

    def _missing(self) -> None:
        rows = missing_by_repair(self.report.findings)
        if not rows:
            return
        total = sum(row.owners for row in rows)
        self._say((f"Not assessed: {total}", "bold"), ", by what would decide them:")
        shown = rows if self.options.verbose else rows[:SHOWN_REPAIRS]
        for row in shown:
            self._say(f"{row.owners:>5} × {row.repair} ({', '.join(row.policies)})")
        self._rest(len(rows) - len(shown))

    def _rows(self, title: str, rows: Iterable[ProblemRow]) -> None:
        rows = list(rows)
        if not rows:
            return
        self._say((f"{title}: {len(rows)}", "bold"))
        shown = rows if self.options.verbose else rows[:SHOWN_PROBLEMS]
        for row in shown:
            where = place(Location(row.file, row.line, row.column), column=True)
            self._keep(f"  {where}  {one_line(row.what)}")
            if row.repair:
                self._say(f"repair: {one_line(row.repair)}", indent=4)
        self._rest(len(rows) - len(shown))

    def _rest(self, left: int) -> None:
        if left > 0:
            self._say(f"… {left} more (--verbose shows them)", indent=2)
        self._blank()

    def _score(self) -> None:
        categories = [row for row in self.report.categories if row.evaluated]
        width = max((len(one_line(row.category)) for row in categories), default=0)
        for row in categories:
            full = 0 if row.score is None else int(row.score * BAR / 100)
            style = _STYLES[_grade(row.score)]
            self._keep(
                f"  {one_line(row.category):<{width}}  ",
                ("█" * full, style),
                ("░" * (BAR - full), "dim"),
                f" {number(row.score):>5}  {row.failed} of {row.evaluated} failed",
            )
        if categories:
            self._blank()
        self._say((score_line(self.report), _STYLES.get(self.report.score.grade, "bold")))
        for line in (change_line(self.report), money_line(self.report)):
            if line:
                self._say(line)

    def _verdict(self) -> None:
        code = self.report.gate.exit_code
        self._say(counts_line(self.report))
        self._say((verdict_line(self.report), "bold green" if code == 0 else "bold red"))


def _gravest(found: list[Finding]) -> list[Finding]:
    """The first few of each policy, gravest policies first, still in order."""
    shown: list[Finding] = []
    taken: Counter[str] = Counter()
    for finding in sorted(found, key=lambda f: (not f.new, gravity(f))):
        if taken[finding.policy] < SHOWN_PER_POLICY and len(shown) < SHOWN_IN_ALL:
            taken[finding.policy] += 1
            shown.append(finding)
    return sorted(shown, key=gravity)


def _grade(score: float | None) -> str:
    from auditor.score import GRADES

    return "?" if score is None else next((letter for bound, letter in GRADES if score >= bound), "F")


def _targets(targets: tuple[str, ...]) -> str:
    if not any(targets):
        return ""
    shown = ", ".join(one_line(target) for target in targets[:3])
    return f"  in {shown}" + (f" and {len(targets) - 3} more" if len(targets) > 3 else "")


def _note(location: Location) -> str:
    note = one_line(location.note)
    if location.precision == "exact":
        return f"  ({note})" if note else ""
    known = "rendered copy" if location.precision == "rendered" else "only the file is known"
    return f"  ({known}{': ' if note else ''}{note})"


def _waiver(finding: Finding) -> str:
    waiver = finding.waiver
    if waiver is None:
        return ""
    by = f" by {one_line(waiver.by)}" if waiver.by else ""
    until = f" until {one_line(waiver.until)}" if waiver.until else ""
    return f"{by}{until}: {one_line(waiver.reason)}".strip()
