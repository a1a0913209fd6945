"""SARIF: valid, and such that GitHub code scanning accepts it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import jsonschema
import msgspec
import pytest

from auditor.report import FixInfo, Gate, Location, RelatedLocation, Replacement, Report
from auditor.reporters import render, sarif
from auditor.reporters.interface import RenderOptions
from tests.unit import report_factory as factory

SCHEMA = json.loads((factory.GOLDEN / "sarif-schema-2.1.0.json").read_bytes())
ALL = RenderOptions(sarif_verdicts="all")


def run_of(report: Report, options: RenderOptions | None = None) -> dict[str, Any]:
    log = json.loads(render("sarif", report, options))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    (run,) = log["runs"]
    return dict(run)


def result_of(**more: Any) -> dict[str, Any]:
    (result,) = run_of(factory.report(findings=(factory.finding(**more),)))["results"]
    return dict(result)


def notifications(run: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    rows = run["invocations"][0]["toolExecutionNotifications"]
    return [row for row in rows if row["descriptor"]["id"] == kind]


@pytest.mark.parametrize("text", factory.NASTY)
@pytest.mark.parametrize("options", [RenderOptions(), ALL], ids=["findings", "all"])
def test_whatever_the_tree_holds_the_file_is_valid(text: str, options: RenderOptions) -> None:
    run_of(factory.hostile(text), options)


def test_results_hold_failures_and_waived_failures_only() -> None:
    run = run_of(factory.report())
    assert [r["properties"]["verdict"] for r in run["results"]].count("waived") == 1
    assert {r["properties"]["verdict"] for r in run["results"]} == {"fail", "waived"}
    assert all(r["kind"] == "fail" for r in run["results"])


def test_every_result_has_a_physical_location_and_the_contracts_properties() -> None:
    for result in run_of(factory.report())["results"]:
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
        assert result["ruleId"] and result["properties"]["resource"] and result["properties"]["targets"]


def test_a_file_level_finding_has_no_region() -> None:
    result = result_of(location=Location("terraform/gpu.tf", precision="file"))
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_the_gravest_come_first() -> None:
    levels = [r["level"] for r in run_of(factory.report())["results"]]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)


def test_all_verdicts_are_results_when_asked_for() -> None:
    results = run_of(factory.report(), ALL)["results"]
    kinds = {r["properties"]["verdict"]: r["kind"] for r in results}
    assert kinds == {
        "fail": "fail",
        "waived": "fail",
        "error": "open",
        "not-assessed": "open",
        "pass": "pass",
        "not-applicable": "notApplicable",
    }
    assert all(r["level"] == "none" for r in results if r["kind"] != "fail")


def test_errors_and_unknowns_are_notifications_with_their_rule_and_place() -> None:
    run = run_of(factory.report())
    (error,) = notifications(run, "error")
    assert error["level"] == "error" and error["associatedRule"]["id"] == "KED-003"
    unknown = notifications(run, "not-assessed")
    assert [row["level"] for row in unknown] == ["note", "note"]
    assert "declare job.p95" in unknown[0]["message"]["text"]
    assert unknown[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == factory.WORKER


def test_an_unreadable_input_makes_the_run_unsuccessful() -> None:
    run = run_of(factory.report())
    (problem,) = notifications(run, "problem")
    assert problem["level"] == "error"
    assert problem["locations"][0]["physicalLocation"]["region"]["startLine"] == 3
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run_of(factory.clean())["invocations"][0]["executionSuccessful"] is True


def test_a_failed_gate_alone_is_a_successful_run() -> None:
    failures = tuple(f for f in factory.FINDINGS if f.status == "fail")
    run = run_of(factory.report(findings=failures, problems=(), gate=Gate(1, ("x",))))
    assert run["invocations"][0]["executionSuccessful"] is True
    assert run["invocations"][0]["exitCode"] == 1


def test_a_waiver_is_an_accepted_suppression() -> None:
    (waived,) = (r for r in run_of(factory.report())["results"] if "suppressions" in r)
    (suppression,) = waived["suppressions"]
    assert suppression["kind"] == "external" and suppression["status"] == "accepted"
    assert suppression["justification"] == "runs once, by hand; by ana; until 2027-01-31; ticket OPS-7"


def test_an_inline_waiver_is_in_the_source() -> None:
    waiver = factory.WaiverInfo("ok", place=f"{factory.WORKER}:13")
    result = result_of(status="waived", waiver=waiver)
    assert result["suppressions"][0]["kind"] == "inSource"
    assert result["suppressions"][0]["location"]["physicalLocation"]["region"]["startLine"] == 13


def test_the_other_ends_of_a_join_are_linked_from_the_message() -> None:
    end = RelatedLocation("role [a](b)", Location("terraform/iam role.tf", 9, 1, 12, 2))
    result = result_of(related=(end,))
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "terraform/iam%20role.tf"
    assert result["message"]["text"].endswith(r"See [role \[a\](b)](1).")


def test_text_of_the_tree_makes_no_link() -> None:
    assert "](" not in result_of(message="[click](https://evil.example)")["message"]["text"]


def test_columns_count_code_points() -> None:
    assert run_of(factory.report())["columnKind"] == "unicodeCodePoints"
    region = result_of(location=Location("a.yaml", 2, 7, 2, 9))["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 7, "endColumn": 9}


def test_paths_are_percent_encoded() -> None:
    location = result_of(location=Location("a b/ü#?%:[x].yaml", 1))["locations"][0]["physicalLocation"]
    artifact = location["artifactLocation"]
    assert artifact == {"uri": "a%20b/%C3%BC%23%3F%25%3A%5Bx%5D.yaml", "uriBaseId": "SRCROOT"}


def test_a_fix_says_exactly_which_bytes_become_what() -> None:
    edits = (
        Replacement("b.yaml", 40, 44, "true", 3, 9, 3, 13),
        Replacement("a.yaml", 7, 7, "x: 1\n", 2, 1, 2, 1),
    )
    (fix,) = result_of(fix=FixInfo("set x", "safe", edits=edits))["fixes"]
    first, second = fix["artifactChanges"]
    assert first["artifactLocation"]["uri"] == "a.yaml"
    (replacement,) = first["replacements"]
    assert replacement["insertedContent"]["text"] == "x: 1\n"
    assert replacement["deletedRegion"]["byteLength"] == 0
    assert second["replacements"][0]["deletedRegion"] == {
        "startLine": 3,
        "startColumn": 9,
        "endLine": 3,
        "endColumn": 13,
        "byteOffset": 40,
        "byteLength": 4,
    }


def test_a_refused_fix_is_none() -> None:
    assert "fixes" not in result_of(fix=FixInfo("by hand", "safe", refused="ambiguous"))


def test_baseline_state_is_given_only_when_known() -> None:
    states = [result_of(new=new).get("baselineState") for new in (True, False, None)]
    assert states == ["new", "unchanged", None]


def test_fingerprints_are_stable_names() -> None:
    result = result_of(fingerprints=("one", "two"))
    assert result["partialFingerprints"] == {
        "auditorFingerprint/v1": "one",
        "auditorFingerprint/v1/1": "two",
    }


def test_rules_say_how_grave_they_are_in_every_dialect() -> None:
    rules = {rule["id"]: rule for rule in run_of(factory.report())["tool"]["driver"]["rules"]}
    grave = rules["GPU-002"]
    assert grave["defaultConfiguration"]["level"] == "error"
    assert grave["properties"]["security-severity"] == "9.5"
    assert grave["properties"]["problem.severity"] == "error"
    assert grave["helpUri"].startswith("https://kubernetes.io/")
    assert "never scheduled" in grave["help"]["markdown"] and "never scheduled" in grave["help"]["text"]
    assert rules["RES-004"]["properties"]["security-severity"] == "3.0"
    assert "security" in rules["IAM-002"]["properties"]["tags"]


def test_a_rule_has_at_most_twenty_tags() -> None:
    policy = msgspec.structs.replace(factory.POLICIES[0], controls=tuple(f"C-{n}" for n in range(50)))
    (rule,) = run_of(factory.report(policies=(policy,), findings=()))["tool"]["driver"]["rules"]
    assert len(rule["properties"]["tags"]) == 20


def test_help_is_ours_when_docs_are_published() -> None:
    run = run_of(factory.report(), RenderOptions(docs_base="https://docs.example/policies/"))
    assert (
        run["tool"]["driver"]["rules"][0]["helpUri"]
        == "https://docs.example/policies/gpu-untolerated-taint.md"
    )


def test_more_results_than_the_limit_leave_out_the_least_grave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 50)
    run = run_of(factory.big(100))
    assert len(run["results"]) == 50
    assert sum(r["ruleId"] == "GPU-002" for r in run["results"]) == 10
    (left_out,) = notifications(run, "left-out")
    assert left_out["message"]["text"] == "50 of 100 results are left out, the least grave ones."


def test_a_file_too_big_for_github_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_GZIP", 6_000)
    data = render("sarif", factory.big(400))
    assert len(gzip.compress(data, mtime=0)) <= 6_000
    run = json.loads(data)["runs"][0]
    assert 0 < len(run["results"]) < 400
    assert notifications(run, "left-out")


def test_a_file_that_can_not_be_made_small_enough_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_GZIP", 10)
    assert json.loads(render("sarif", factory.report()))["runs"][0]["results"] == []


def test_sarif_reads_as_before() -> None:
    factory.check_golden("usual.sarif", render("sarif", factory.report()))
