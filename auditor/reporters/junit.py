"""JUnit XML: a suite a policy, a test case a resource, for the test tabs of CI systems.

Passes are one test case a policy that says how many resources passed: a case each would bury the failures.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from auditor.report import Finding, PolicyResult, Report
from auditor.reporters.interface import (
    STATUS_ORDER,
    RenderOptions,
    counted,
    gravity,
    place,
    policies_by_code,
    policy_name,
    words,
)
from auditor.reporters.text import one_line, visible

_TAGS = {"fail": "failure", "error": "error", "waived": "skipped", "not-assessed": "skipped"}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render(report: Report, options: RenderOptions) -> bytes:
    """A ``testsuites`` document. Unreadable inputs are errors of a suite of their own."""
    root = ET.Element("testsuites", name=f"auditor {one_line(report.scope)}".strip())
    policies = policies_by_code(report)
    by_policy: dict[str, list[Finding]] = {code: [] for code in policies}
    for finding in sorted(report.findings, key=gravity):
        by_policy.setdefault(finding.policy, []).append(finding)
    for code, findings in by_policy.items():
        _suite(root, report, policies.get(code), policy_name(policies, code), findings)
    _problems(root, report)
    _count(root)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def _suite(
    root: ET.Element, report: Report, policy: PolicyResult | None, name: str, findings: list[Finding]
) -> None:
    passed = policy.passed if policy else 0
    if not findings and not passed:
        return
    suite = ET.SubElement(root, "testsuite", name=one_line(name), timestamp=_timestamp(report))
    if policy is not None:
        properties = ET.SubElement(suite, "properties")
        for key, value in (("severity", policy.severity), ("category", policy.category), ("passed", passed)):
            ET.SubElement(properties, "property", name=key, value=one_line(str(value)))
    class_name = f"auditor.{policy.code if policy else name}"
    for resource, rows in _by_resource(findings).items():
        _case(suite, class_name, resource, rows)
    if passed:
        verb = "passes" if passed == 1 else "pass"
        ET.SubElement(
            suite, "testcase", classname=one_line(class_name), name=f"{counted(passed, 'resource')} {verb}"
        )
    _count(suite)


def _by_resource(findings: list[Finding]) -> dict[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.resource, finding.location.file), []).append(finding)
    return groups


def _case(suite: ET.Element, class_name: str, resource: tuple[str, str], rows: list[Finding]) -> None:
    first = min(rows, key=lambda row: STATUS_ORDER.index(row.status))
    case = ET.SubElement(
        suite,
        "testcase",
        classname=one_line(class_name),
        name=one_line(f"{first.title} ({resource[0]})"),
        file=one_line(first.location.file),
    )
    if first.location.line:
        case.set("line", str(first.location.line))
    outcome = ET.SubElement(case, _TAGS[first.status], message=_message(first))
    if first.status in ("fail", "error"):
        outcome.set("type", first.severity if first.status == "fail" else "error")
        outcome.text = "\n".join(_details(row) for row in rows)


def _message(finding: Finding) -> str:
    if finding.waiver is not None:
        until = f" until {one_line(finding.waiver.until)}" if finding.waiver.until else ""
        return f"waived{until}: {one_line(finding.waiver.reason)}"
    if finding.status == "not-assessed":
        return f"not assessed: {words(finding)}. Repair: {one_line(finding.repair)}"
    return words(finding)


def _details(finding: Finding) -> str:
    lines = [f"{place(finding.location, column=True)}: {words(finding)}"]
    lines += [f"  see {place(end.location)}: {one_line(end.what)}" for end in finding.related]
    if finding.repair:
        lines.append(f"  repair: {one_line(finding.repair)}")
    if finding.fix is not None:
        lines.append(f"  fix: {one_line(finding.fix.title)}")
        lines += [visible(line) for line in finding.fix.diff.splitlines()]
    return "\n".join(lines)


def _problems(root: ET.Element, report: Report) -> None:
    rows = [row for row in report.problems if row.incomplete]
    if not rows:
        return
    suite = ET.SubElement(root, "testsuite", name="inputs", timestamp=_timestamp(report))
    for row in rows:
        name = f"{one_line(row.file)}:{row.line}"
        case = ET.SubElement(suite, "testcase", classname="auditor.inputs", name=name)
        error = ET.SubElement(case, "error", message=one_line(row.what), type="input")
        error.text = f"repair: {one_line(row.repair)}"
    _count(suite)


def _count(element: ET.Element) -> None:
    listed = list(element.iter("testcase"))
    element.set("tests", str(len(listed)))
    for tag, attribute in _COUNTED.items():
        element.set(attribute, str(sum(case.find(tag) is not None for case in listed)))


def _timestamp(report: Report) -> str:
    return one_line(report.generated_at).removesuffix("Z")
