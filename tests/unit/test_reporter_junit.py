"""JUnit: well-formed, counted right, nothing hidden."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from auditor.report import Report
from auditor.reporters import render
from tests.unit import report_factory as factory


def suites(report: Report | None = None) -> ET.Element:
    return ET.fromstring(render("junit", report or factory.report()))


@pytest.mark.parametrize("text", factory.NASTY)
def test_whatever_the_tree_holds_the_xml_is_well_formed(text: str) -> None:
    assert suites(factory.hostile(text)).tag == "testsuites"


def test_the_counts_are_those_of_the_cases() -> None:
    root = suites()
    for element in (root, *root.findall("testsuite")):
        assert int(element.get("tests", "")) == len(list(element.iter("testcase")))
        assert int(element.get("failures", "")) == len(list(element.iter("failure")))
        assert int(element.get("errors", "")) == len(list(element.iter("error")))
        assert int(element.get("skipped", "")) == len(list(element.iter("skipped")))
    assert [root.get(name) for name in ("failures", "errors", "skipped")] == ["4", "2", "3"]


def test_two_failures_of_one_resource_are_one_case_that_names_both() -> None:
    rows = (factory.finding(message="first", path="a"), factory.finding(message="second", path="b"))
    (failure,) = suites(factory.report(findings=rows, problems=())).iter("failure")
    assert "first" in str(failure.text) and "second" in str(failure.text)


def test_a_failure_beside_a_waiver_stays_a_failure() -> None:
    rows = (factory.finding(status="waived", path="a"), factory.finding(path="b"))
    root = suites(factory.report(findings=rows, problems=()))
    assert root.get("failures") == "1" and root.get("skipped") == "0"


def test_passes_are_counted_per_policy() -> None:
    (suite,) = (s for s in suites().findall("testsuite") if s.get("name", "").startswith("IAM-002"))
    assert [case.get("name") for case in suite.findall("testcase")] == ["7 resources pass"]


def test_what_could_not_be_assessed_is_skipped_with_its_repair() -> None:
    messages = [element.get("message", "") for element in suites().iter("skipped")]
    assert any("declare job.p95 for inference/ocr" in message for message in messages)


def test_an_unreadable_input_is_an_error() -> None:
    names = [c.get("name") for c in suites().iter("testcase") if c.get("classname") == "auditor.inputs"]
    assert names == ["apps/broken.yaml:3"]


def test_junit_reads_as_before() -> None:
    factory.check_golden("usual.junit.xml", render("junit", factory.report()))
