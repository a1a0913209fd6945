"""Whatever is done to real files: no traceback, no internal error, readable output, the same bytes twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import auditor.compiled
from auditor.cel import compile_expr
from auditor.reporters.schema import schema
from tests.property.mutators import MUTATORS, ROOT, Files, mutate, samples
from tests.unit.command import in_formats

USUAL = ("json", "sarif", "terminal", "markdown", "github")
ALL = (*USUAL, "html", "junit", "gitlab")
ALL_EVERY = 8
"""The page alone takes as long as all the rest."""
CODES = frozenset({0, 1, 2, 3})
SAMPLES = samples()
KUSTOMIZED = [
    index for index, (_, files) in enumerate(SAMPLES) if any("kustomization" in name for name in files)
]
FAST_CASES, SLOW_CASES, RENDERED_CASES = 200, 5_000, 100
SARIF = jsonschema_rs.validator_for(
    json.loads((ROOT / "tests" / "golden" / "reporters" / "sarif-schema-2.1.0.json").read_text())
)
REPORT = jsonschema_rs.validator_for(schema())

cases = st.tuples(
    st.integers(0, len(SAMPLES) - 1),
    st.lists(st.sampled_from(sorted(MUTATORS)), min_size=1, max_size=5),
    st.integers(0, 2**32),
)
rendered = st.tuples(
    st.sampled_from(KUSTOMIZED),
    st.lists(st.sampled_from(sorted(MUTATORS)), min_size=1, max_size=3),
    st.integers(0, 2**32),
)
Case = tuple[int, list[str], int]


class Clock(datetime):
    """Stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Clock:
        """Always the same moment."""
        del tz
        return cls(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def fuzz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Runs one case; expressions are compiled once for all of them."""
    compiled: dict[tuple[str, Any], Any] = {}

    def remembered(source: str, *, variables: Any = None) -> Any:
        key = (source, variables)
        if key not in compiled:
            compiled[key] = compile_expr(source, variables=variables)
        return compiled[key]

    monkeypatch.setattr(auditor.compiled, "compile_expr", remembered)
    monkeypatch.setattr("datetime.datetime", Clock)
    seen: Counter[int] = Counter()

    def one(case: Case, *flags: str) -> None:
        index, names, seed = case
        formats = USUAL if seed % ALL_EVERY else ALL
        seen[_holds(mutate(SAMPLES[index][1], names, seed), tmp_path, formats, flags)] += 1

    yield one
    print(f"{sum(seen.values())} cases, by exit code: {dict(sorted(seen.items()))}")


def _holds(files: Files, folder: Path, formats: Sequence[str], flags: Sequence[str]) -> int:
    """Two runs on the same files; the exit code when every promise is kept.

    The second writes JSON only: it is the whole report, and every other format is made from nothing else.
    """
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name, data in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    tree.mkdir(exist_ok=True)
    first, reports = in_formats(formats, _empty(folder / "first"), "check", tree, *flags)
    second, again = in_formats(("json",), _empty(folder / "second"), "check", tree, *flags)
    assert first.code in CODES and first.code == second.code, first
    assert "Traceback" not in first.err and (first.code != 2) == (first.err == ""), first.err
    assert reports.get("json") == again.get("json"), "the same input gave other bytes"
    if first.code != 2:
        _readable(reports)
    return first.code


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _readable(reports: dict[str, str]) -> None:
    REPORT.validate(json.loads(reports["json"]))
    SARIF.validate(json.loads(reports["sarif"]))
    for name in ("terminal", "markdown", "github"):
        assert "\x1b" not in reports[name], name
    for line in reports["github"].splitlines():
        assert not line.startswith("::error::forged")
    if "gitlab" in reports:
        json.loads(reports["gitlab"])
        ElementTree.fromstring(reports["junit"])
        assert "\x1b" not in reports["html"]


@given(case=cases)
@settings(
    max_examples=FAST_CASES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
def test_spoiled_files_break_nothing(fuzz: Callable[..., None], case: Case) -> None:
    fuzz(case, "--no-render")


@pytest.mark.slow
@given(case=cases)
@settings(
    max_examples=SLOW_CASES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
def test_thousands_of_spoiled_files_break_nothing(fuzz: Callable[..., None], case: Case) -> None:
    fuzz(case, "--no-render")


@pytest.mark.slow
@given(case=rendered)
@settings(
    max_examples=RENDERED_CASES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
def test_spoiled_kustomizations_break_nothing(fuzz: Callable[..., None], case: Case) -> None:
    fuzz(case)
