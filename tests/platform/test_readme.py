"""The checklist names files, tests and policies that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.platform.overlays import PLATFORM

ROOT = PLATFORM.parent
README = (PLATFORM / "README.md").read_text()
ROWS = [line for line in README.splitlines() if re.match(r"\| (S0|S3|C\.)", line)]
WANTED = [
    *(f"S0.{number}" for number in range(1, 21)),
    *("S3.1", "S3.2", "S3.3", "S3.6", "S3.8", "S3.D"),
    *("C.1", "C.2", "C.4", "C.5"),
]


def test_every_row_of_the_checklist_is_there() -> None:
    told = " ".join(line.split("|")[1] for line in ROWS)
    assert [row for row in WANTED if not re.search(rf"{re.escape(row)}(?!\d)", told)] == []


def test_tests_that_prove_a_row_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", "\n".join(ROWS)))
    assert named and {name for name in named if not (ROOT / f"tests/platform/{name}.py").is_file()} == set()


def test_policies_that_prove_a_row_exist() -> None:
    codes = {each["code"] for each in json.loads((ROOT / "policies/index.json").read_text())["policies"]}
    named = set(re.findall(r"\b[A-Z]{2,4}-\d{3}\b", "\n".join(ROWS)))
    assert named and named <= codes, named - codes


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
