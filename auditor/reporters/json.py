"""JSON: the report in full, under ``reports/schema/report.schema.json``."""

from __future__ import annotations

from auditor.report import Report, encode
from auditor.reporters.interface import RenderOptions


def render(report: Report, options: RenderOptions) -> bytes:
    """The report as it is; options change nothing."""
    return encode(report)
