"""The registry: every format, loaded only when asked for, and the same bytes every time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from auditor.reporters import REPORTERS, render, reporter
from auditor.reporters.interface import RenderOptions
from tests.unit import report_factory as factory


@pytest.mark.parametrize("name", REPORTERS)
def test_every_format_renders_every_sample(name: str) -> None:
    for sample in (factory.report(), factory.clean(), factory.empty()):
        assert render(name, sample).endswith(b"\n")


@pytest.mark.parametrize("name", REPORTERS)
def test_the_same_report_gives_the_same_bytes(name: str) -> None:
    options = RenderOptions(color=True, hyperlinks=True, link_base="https://git.example/x")
    assert render(name, factory.report(), options) == render(name, factory.report(), options)


@pytest.mark.parametrize("name", REPORTERS)
@pytest.mark.parametrize("text", factory.NASTY)
def test_no_text_makes_a_reporter_stumble(name: str, text: str) -> None:
    render(name, factory.hostile(text), RenderOptions(verbose=True)).decode()


def test_an_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        reporter("yaml")


def test_importing_the_registry_loads_no_reporter_and_no_rich() -> None:
    program = (
        "import sys, auditor.reporters as r\n"
        "names = {spec.partition(':')[0] for spec in r.REPORTERS.values()} | {'rich', 'pydantic'}\n"
        "print(sorted(names & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
