"""Helm charts: rendered once for each set of values."""

from __future__ import annotations

from auditor.sources.git import Checkout
from auditor.sources.helm.chart import Chart, Charts
from auditor.sources.tree import Unreadable


def collect(checkout: Checkout) -> None:
    """A target for each chart with each of its sets of values; what the chart owns is claimed."""
    charts = checkout.shared(Charts)
    if not charts.by_folder:
        return
    for chart in charts.by_folder.values():
        checkout.claim(path for path in chart.files if _is_no_object(checkout, chart, path))
        checkout.inventory.problems += chart.problems
    if not checkout.options.render:
        return
    from auditor.sources.helm.builder import render_charts

    render_charts(checkout, charts)


def _is_no_object(checkout: Checkout, chart: Chart, path: str) -> bool:
    """Whether a file of a chart is a template, values or a description, and no object as it lies there."""
    inside = chart.relative(path)
    if not inside.startswith(("templates/", "crds/", "charts/")):
        return True
    try:
        return b"{{" in checkout.read(path) or "/templates/" not in f"/{inside}"
    except Unreadable:
        return False
