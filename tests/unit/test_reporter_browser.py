"""The HTML page in a real browser: its script runs, nothing is requested, hostile text stays text."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.report import Report
from auditor.reporters import history, render
from auditor.reporters.interface import RenderOptions
from tests.unit import report_factory as factory

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=2000",
    "--dump-dom",
]


def opened(report: Report, folder: Path) -> tuple[str, str]:
    """The report's page as the browser has made it, and what its console said."""
    return shown(render("html", report), folder)


def shown(made: bytes, folder: Path) -> tuple[str, str]:
    """A page as the browser has made it, and what its console said."""
    browser = shutil.which("chromium")
    assert browser, "Chromium is missing: `make tools` installs it"
    page = folder / "report.html"
    page.write_bytes(made)
    command = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.slow
def test_the_page_works_offline(tmp_path: Path) -> None:
    dom, console = opened(factory.report(), tmp_path)
    assert console == ""
    assert re.search(r"\d+ of \d+ shown", dom), "the script that filters did not run"
    assert not re.search(r"""<(?:link|script|img|iframe)[^>]*(?:src|href)=""", dom), (
        "the page asks for something"
    )


@pytest.mark.slow
def test_hostile_text_stays_text(tmp_path: Path) -> None:
    text = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    dom, console = opened(factory.hostile(text), tmp_path)
    assert console == ""
    assert "<title>owned" not in dom
    assert "<img" not in dom


@pytest.mark.slow
def test_the_history_is_drawn_in_the_report_and_on_a_page_of_its_own(tmp_path: Path) -> None:
    trend = factory.history()
    own = history.render("html", [trend], RenderOptions())
    whole = render("html", factory.report(history=trend))
    for name, page in (("own", own), ("whole", whole)):
        (tmp_path / name).mkdir()
        dom, console = shown(page, tmp_path / name)
        assert console == ""
        assert len(re.findall(r'<circle[^>]*class="score-line"', dom)) == 3
        assert len(re.findall(r'<line[^>]*class="score-line"', dom)) == 1, (
            "it breaks where runs are incomparable"
        )
        assert "incomparable: different policy sets" in dom and "2026-08-01 09:30 or before" in dom


@pytest.mark.slow
def test_a_history_of_hostile_names_stays_text(tmp_path: Path) -> None:
    text = "</title></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    dom, console = shown(history.render("html", [factory.history(text, text)], RenderOptions()), tmp_path)
    assert console == ""
    assert "<title>owned" not in dom
    assert "<img" not in dom
