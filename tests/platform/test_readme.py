"""The checklist names files, tests and policies that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.platform.overlays import PLATFORM
from tests.unit.command import run

ROOT = PLATFORM.parent
README = (PLATFORM / "README.md").read_text()
ROWS = [line for line in README.splitlines() if re.match(r"\| (S0|S3|C\.)", line)]
WANTED = [
    *(f"S0.{number}" for number in range(1, 21)),
    *("S3.1", "S3.2", "S3.3", "S3.6", "S3.8", "S3.D"),
    *(f"C.{number}" for number in range(1, 9)),
    *(
        "S0 D multi-AZ",
        "S0 D alerts",
        "S0 D cold start",
        "S0 D load test",
        "S0 D promotion",
        "S0 D bigger instance",
    ),
    "S0 D faster provisioning",
]


def test_every_row_of_the_checklist_is_there() -> None:
    told = " ".join(line.split("|")[1] for line in ROWS)
    assert [row for row in WANTED if not re.search(rf"{re.escape(row)}(?!\d)", told)] == []


def test_tests_that_prove_a_row_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", "\n".join(ROWS)))
    assert named and {name for name in named if not (ROOT / f"tests/platform/{name}.py").is_file()} == set()


def test_paths_that_prove_a_row_exist() -> None:
    named = set(re.findall(r"`(tests/[\w/*]+)`", "\n".join(ROWS)))
    assert named and [each for each in named if not [*ROOT.glob(f"{each.rstrip('*')}*")]] == []


def test_files_that_fulfil_a_row_exist() -> None:
    """Paths from the platform's root or one of its two deepest folders; globs and ``{a,b}`` spelled out."""
    for row in ROWS:
        for name in re.findall(r"`([\w./*{},-]+)`", row.split("|")[2]):
            if "/" in name or name.endswith((".tf", ".yaml", ".py", ".toml")):
                assert any(found(each) for each in spelled(name)), (row, name)


def spelled(name: str) -> list[str]:
    choice = re.search(r"{([\w,.-]+)}", name)
    return [name.replace(choice[0], each) for each in choice[1].split(",")] if choice else [name]


def found(name: str) -> bool:
    return bool([*ROOT.glob(name.strip("/")), *PLATFORM.glob(f"**/{name.strip('/')}")])


def test_policies_that_prove_a_row_have_judged_something_here(tmp_path: Path) -> None:
    """A policy that finds nothing to judge proves nothing."""
    report = tmp_path / "report.json"
    run("check", PLATFORM, "--pack", "strict", "--format", "json", "--output", report)
    counted = json.loads(report.read_text())["policies"]
    judged = {each["code"] for each in counted if each.get("passed", 0) + each.get("waived", 0)}
    named = policies_named("\n".join(ROWS))
    assert named and named <= judged, named - judged


def policies_named(text: str) -> set[str]:
    """Codes in a text, ``ZRO-001 to ZRO-006`` as the six; ``ARG-*`` names none."""
    ranges = re.findall(r"\b([A-Z]{2,4})-(\d{3}) to \1-(\d{3})\b", text)
    between = {f"{prefix}-{number:03}" for prefix, a, b in ranges for number in range(int(a), int(b) + 1)}
    return between | set(re.findall(r"\b[A-Z]{2,4}-\d{3}\b", text))


def test_the_packages_of_the_design_are_declared() -> None:
    declared = (ROOT / "pyproject.toml").read_text().lower()
    named = {"kubernetes", "boto3", "pydantic", "pyyaml", "jsonschema", "rich", "torch", "nnunetv2", "pytest"}
    for name in named | {"moto"}:
        assert re.search(rf'"{name}[\[>=<"]', declared), name


def test_the_folders_of_the_design_are_there() -> None:
    for name in ("policies", "auditor", "platform", "worker", "reports", "tests"):
        assert (ROOT / name).is_dir()


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in [PLATFORM / "README.md", *(PLATFORM / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), (page.name, link)


def test_paths_that_the_tree_names_exist() -> None:
    block = README.split("```")[1]
    for name in re.findall(r"^(\S+)", block, re.MULTILINE):
        assert (PLATFORM / name.replace("<env>", "prod")).exists(), name


def test_versions_in_the_table_are_those_that_are_deployed() -> None:
    deployed = "".join(path.read_text() for path in Path(PLATFORM / "clusters").rglob("*.yaml"))
    (row,) = [line for line in README.splitlines() if line.startswith("| 2 |")]
    for version in re.findall(r"v?\d+\.\d+\.\d+", row):
        assert version in deployed, version
