"""Keeping runs in a folder, and ``auditor history``: nothing foreign, broken or half-written stops it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.report import decode, encode
from auditor.results.kept import read_runs
from auditor.results.store import Folder, open_store
from tests.unit import report_factory as factory
from tests.unit.command import run

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  tolerations: [{key: nvidia.com/gpu}]
  containers: []
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "pod.yaml").write_text(POD)
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Two runs of one scope, ten days apart."""
    folder = tmp_path / "audits"
    folder.mkdir()
    for day, findings in (("01", factory.FINDINGS[:1]), ("11", factory.FINDINGS[:2])):
        report = factory.report(generated_at=f"2026-08-{day}T06:00:00Z", findings=findings)
        (folder / f"202608{day}T060000Z-x.json").write_bytes(encode(report))
    return folder


def listed(folder: Path) -> dict[str, Any]:
    """The one history of a folder, as JSON."""
    outcome = run("history", folder, "--format", "json")
    assert outcome.code == 0, outcome.err
    (found,) = json.loads(outcome.out)["histories"]
    return dict(found)


def test_a_run_is_kept_as_json_and_as_a_page(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "audits"
    outcome = run("check", tree, "--history", folder, "--format", "json")
    page, report = sorted(folder.iterdir())
    assert (page.suffix, report.suffix) == (".html", ".json") and page.stem == report.stem
    shown, saved = decode(outcome.out.encode()), decode(report.read_bytes())
    assert saved.findings == shown.findings and saved.score == shown.score
    assert saved.history is None and saved.judged == ()
    assert page.read_text().startswith("<!doctype html>") and "<h2>History</h2>" in page.read_text()
    assert report.name.startswith(saved.generated_at.replace("-", "").replace(":", ""))


def test_the_report_shows_the_runs_before_it_and_itself(tree: Path, tmp_path: Path) -> None:
    for _ in range(2):
        outcome = run("check", tree, "--history", tmp_path / "audits", "--format", "json")
    history = json.loads(outcome.out)["history"]
    assert [bool(each["name"]) for each in history["runs"]] == [True, False]
    assert all(each["since"] == history["runs"][0]["generated_at"] for each in history["open"])


def test_the_exit_code_is_the_verdicts(tree: Path, tmp_path: Path) -> None:
    common = ("check", tree, "--history", tmp_path / "audits")
    assert run(*common, "--fail-on", "never").code == 0
    assert run(*common, "--min-score", "100", "--min-coverage", "100").code == 1


def test_a_place_that_cannot_be_written_is_said_and_costs_no_report(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    never = run("check", tree, "--history", tmp_path / "file" / "x", "--format", "json", "--fail-on", "never")
    assert never.code == 2 and decode(never.out.encode()).findings
    assert "cannot be written: not a directory" in never.err
    failed = run(
        "check", tree, "--history", tmp_path / "file" / "x", "--min-score", "100", "--fail-on", "low"
    )
    assert failed.code == 1 and "FAILED" in failed.out


def test_keeping_survives_a_reader_that_leaves(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "full"
    out.mkdir()
    outcome = run("check", tree, "--history", tmp_path / "audits", "--format", "json", "--output", out)
    assert outcome.code == 2 and "--output" in outcome.err
    assert len([*(tmp_path / "audits").glob("*.json")]) == 1


def test_the_trend_of_kept_runs(kept: Path) -> None:
    found = listed(kept)
    assert [each["open"] for each in found["runs"]] == [1, 2]
    assert found["runs"][1]["new"] == 1
    since = {each["policy"]: each["since"][:10] for each in found["open"]}
    assert since == {"GPU-002": "2026-08-01", "GPU-003": "2026-08-11"}


def test_the_terminal_shows_runs_ages_and_what_moved(kept: Path) -> None:
    shown = run("history", kept).out
    assert "platform: 2 runs in" in shown and "2026-08-01 06:00 or before" in shown
    assert "GPU-003 gpu-without-node-label" in shown and "2026-08-11 06:00" in shown


def test_only_the_newest_are_looked_at_when_asked(kept: Path) -> None:
    assert "1 run in" in run("history", kept, "--last", "1").out
    assert run("history", kept, "--last", "0").code == 2


FOREIGN: dict[str, bytes] = {
    "empty.json": b"",
    "half.json": encode(factory.report())[:4000],
    "list.json": b"[1, 2]",
    "sarif.json": b'{"version": "2.1.0", "runs": []}',
    "binary.json": bytes(range(256)),
    "deep.json": b"[" * 100_000,
    "newer.json": encode(factory.report()).replace(b"{", b'{\n  "schema_version": 2,', 1),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_is_no_report_is_named_and_left_out(kept: Path, name: str) -> None:
    (kept / name).write_bytes(FOREIGN[name])
    found = listed(kept)
    assert len(found["runs"]) == 2
    assert [Path(each["file"]).name for each in found["left_out"]] == [name]
    assert name in run("history", kept).out


def test_what_is_no_file_is_named_and_left_out(kept: Path) -> None:
    (kept / "folder.json").mkdir()
    (kept / "gone.json").symlink_to(kept / "nowhere")
    os.mkfifo(kept / "pipe.json")
    assert len(listed(kept)["left_out"]) == 3


def test_other_files_are_no_business_of_ours(kept: Path) -> None:
    (kept / "notes.txt").write_text("x")
    (kept / ".20260811T060000Z-y.json.77").write_text("half")
    (kept / ".hidden.json").write_text("half")
    assert "left_out" not in listed(kept)


def test_a_bad_file_is_worth_a_warning_of_a_check(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "audits"
    folder.mkdir()
    (folder / "foreign.json").write_text("{}")
    report = json.loads(run("check", tree, "--history", folder, "--format", "json").out)
    assert any(each["file"].endswith("foreign.json") for each in report["warnings"])


def test_scopes_have_histories_of_their_own(kept: Path) -> None:
    (kept / "other.json").write_bytes(encode(factory.report(scope="elsewhere")))
    found = json.loads(run("history", kept, "--format", "json").out)["histories"]
    assert [(each["scope"], len(each["runs"])) for each in found] == [("elsewhere", 1), ("platform", 2)]
    assert "History of elsewhere" in run("history", kept, "--format", "html").out


@pytest.mark.parametrize("where", ["missing", "s3://", "s3://UPPER", "https://bucket/x", "gs://bucket"])
def test_a_place_without_reports_is_a_mistake_of_usage(where: str, tmp_path: Path) -> None:
    place = tmp_path / where if where == "missing" else where
    outcome = run("history", place)
    assert outcome.code == 2 and str(place) in outcome.err


def test_an_address_that_cannot_be_stops_a_check_before_it_begins(tree: Path) -> None:
    outcome = run("check", tree, "--history", "https://bucket/x")
    assert outcome.code == 2 and outcome.out == ""


def test_the_page_of_hostile_names_runs_nothing() -> None:
    from auditor.reporters.history import render
    from auditor.reporters.interface import RenderOptions

    for text in factory.NASTY:
        histories = [factory.history(text, text)]
        page = render("html", histories, RenderOptions()).decode()
        assert "<img" not in page and "<script>alert" not in page
        render("terminal", histories, RenderOptions()).decode()
        json.loads(render("json", histories, RenderOptions()))


def test_a_hundred_runs_need_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    for at in range(100):
        report = factory.report(
            generated_at=f"2026-08-01T06:{at % 60:02}:00Z", scope="x", findings=factory.FINDINGS * 20
        )
        (tmp_path / f"{at:03}.json").write_bytes(encode(report))
    tracemalloc.start()
    runs, _ = read_runs(Folder(tmp_path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(runs) == 100 and peak < 40_000_000


def test_a_folder_is_a_store_by_its_path(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("a.json", b"{}")
    assert (store.names(), store.read("a.json")) == (["a.json"], b"{}")
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_runs_in_which_nothing_changed_are_counted_and_shown_when_asked(kept: Path) -> None:
    for day in (12, 13, 14):
        report = factory.report(generated_at=f"2026-08-{day}T06:00:00Z", findings=factory.FINDINGS[:2])
        (kept / f"202608{day}T060000Z-x.json").write_bytes(encode(report))
    shown = run("history", kept).out
    assert "2 runs in which nothing changed left out" in shown and "2026-08-13" not in shown
    assert "2026-08-13" in run("history", kept, "--verbose").out
    assert len(listed(kept)["runs"]) == 5


def dated(folder: Path, day: str) -> None:
    """Give the newest kept run another day: runs of one second have no order."""
    file = max(folder.glob("*.json"), key=lambda each: each.stat().st_mtime_ns)
    report = decode(file.read_bytes())
    file.write_bytes(encode(replace(report, generated_at=f"{day}T06:00:00Z")))


def test_a_score_that_fell_since_the_run_before_fails(tmp_path: Path) -> None:
    tree, audits = tmp_path / "tree", tmp_path / "audits"
    tree.mkdir()
    settled = "containers: [{name: a, securityContext: {capabilities: {drop: [ALL]}}}]"
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{{settled}}}\n"
    (tree / "pod.yaml").write_text(pod)
    common = (
        "check",
        tree,
        "--policy",
        "SEC-003",
        "--history",
        audits,
        "--max-fall",
        "1",
        "--fail-on",
        "never",
    )
    first = run(*common)
    assert first.code == 0 and "no run before to compare the score with" in first.out
    dated(audits, "2026-01-01")
    (tree / "more.yaml").write_text(pod.replace("name: a}", "name: b}").replace("drop: [ALL]", "drop: []"))
    second = run(*common)
    assert second.code == 1 and "score fell by" in second.out
    dated(audits, "2026-01-02")
    assert run(*common).code == 0, "it fell once"


def test_a_fall_needs_something_to_fall_from(tree: Path) -> None:
    outcome = run("check", tree, "--max-fall", "5")
    assert outcome.code == 2 and "--history" in outcome.err
