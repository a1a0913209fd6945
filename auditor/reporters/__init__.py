"""Every output format, by name. A reporter is loaded only when its format is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from auditor.report import Report
from auditor.reporters.interface import RenderOptions

Render = Callable[[Report, RenderOptions], bytes]

REPORTERS: dict[str, str] = {
    "terminal": "auditor.reporters.terminal:render",
    "json": "auditor.reporters.json:render",
    "sarif": "auditor.reporters.sarif:render",
    "junit": "auditor.reporters.junit:render",
    "github": "auditor.reporters.github:render",
    "gitlab": "auditor.reporters.gitlab:render",
    "markdown": "auditor.reporters.markdown:render",
    "html": "auditor.reporters.html:render",
    "metrics": "auditor.reporters.metrics:render",
}


def reporter(name: str) -> Render:
    """The render function of a format. ``KeyError`` for a name that is not in :data:`REPORTERS`."""
    module, _, function = REPORTERS[name].partition(":")
    return cast(Render, getattr(import_module(module), function))


def render(name: str, report: Report, options: RenderOptions | None = None) -> bytes:
    """A report in one format. Pure: the same report and options give the same bytes."""
    return reporter(name)(report, options or RenderOptions())
