"""Charts → targets: each is rendered with its own values, and with each further values file beside them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from auditor.guard import REPAIR, described
from auditor.model import Resource, Target
from auditor.progress import over
from auditor.sources.git import Checkout
from auditor.sources.helm.chart import Chart, Charts
from auditor.sources.helm.origin import Rendered, origin_of
from auditor.sources.helm.release import Helm, Release, Values, render_input
from auditor.sources.kustomize.variants import Budget
from auditor.sources.manifests import is_object, object_places, resource_of
from auditor.sources.sandbox import RenderFailed
from auditor.sources.tree import Unreadable
from auditor.spans import Problem
from auditor.yamlio import load_stream

GET_TOOL = (
    "put helm on PATH or name it in AUDITOR_HELM (go install helm.sh/helm/v3/cmd/helm@latest builds it), "
    "or say --no-render"
)
WORKERS = 2


def render_charts(checkout: Checkout, charts: Charts) -> None:
    """A target for each set of values of each chart that can be rendered."""
    helm = Helm.find(checkout.options.memory)
    ready: list[Chart] = []
    for chart in charts.by_folder.values():
        if chart.library or chart.problems:
            continue
        if helm is None:
            what = f"{chart.folder or '.'}: not rendered, there is no helm"
            checkout.inventory.gaps.append(Problem(chart.path, 0, 0, what, GET_TOOL))
        else:
            checkout.inventory.gaps += chart.gaps
            ready += [] if chart.gaps else [chart]
    if helm is not None:
        _render_all(Builder(checkout, charts, helm), ready)


def _render_all(builder: Builder, charts: list[Chart]) -> None:
    releases = [(chart, release) for chart in charts for release in builder.releases(chart)]
    with ThreadPoolExecutor(WORKERS) as pool:
        rendered = pool.map(builder.render, [release for _, release in releases])
        streams = [*over(rendered, "rendering charts", len(releases))]
    works = {
        chart.folder for (chart, _), stream in zip(releases, streams, strict=True) if type(stream) is bytes
    }
    for (chart, release), stream in zip(releases, streams, strict=True):
        with builder.checkout.guarded(chart.path, "what the chart renders to could not be read"):
            builder.add(release, stream, incomplete=chart.folder not in works)


class Builder:
    """Renders charts of one checkout into resources."""

    def __init__(self, checkout: Checkout, charts: Charts, helm: Helm) -> None:
        self.checkout, self._charts, self._helm = checkout, charts, helm
        self._budget = Budget()

    def releases(self, chart: Chart) -> list[Release]:
        """The chart with its own values, and with each further values file beside them."""
        crds = self.checkout.options.full_parse
        own = Release(chart, include_crds=crds)
        return [own, *(own.with_values(Values(path)) for path in chart.values_files())]

    def render(self, release: Release) -> bytes | Problem:
        """The rendered stream, or the row that says why there is none."""
        path = release.values[-1].path if release.values else release.chart.path
        try:
            return self._helm.render(render_input(self.checkout, self._charts, release))
        except RenderFailed as error:
            repair = error.repair or f"helm template {release.chart.folder or '.'} shows it"
            return Problem(path, 0, 0, f"{name_of(release)}: does not render: {error.what}", repair)
        except Unreadable as error:
            return Problem(
                path, 0, 0, f"does not render, a file it needs is no input: {error.what}", error.repair
            )
        except Exception as error:
            return Problem(path, 0, 0, f"{name_of(release)}: does not render: {described(error)}", REPAIR)

    def add(self, release: Release, stream: bytes | Problem, *, incomplete: bool) -> None:
        """Add a target; a failure is a fault only when no set of values renders the chart."""
        inventory = self.checkout.inventory
        if isinstance(stream, Problem):
            (inventory.problems if incomplete else inventory.gaps).append(stream)
            return
        self.checkout.claim(release.chart.files)
        folder = release.chart.folder or "."
        self.checkout.add(Target(name_of(release), "helm", folder, [*self.resources(release, stream)]))

    def resources(self, release: Release, stream: bytes) -> Iterator[Resource]:
        """The objects of a rendered stream."""
        rendered = Rendered(self.checkout, self._charts, self._helm, release, self._budget)
        inventory, path = self.checkout.inventory, release.chart.path
        for document in load_stream(stream, path, wanted=self.checkout.wanted):
            inventory.counts.documents += 1
            if document.skipped:
                inventory.counts.skipped_documents += 1
            elif document.problem:
                what = f"{name_of(release)}: renders to what is no YAML: {document.problem.what}"
                inventory.problems.append(Problem(path, 0, 0, what, document.problem.repair))
            elif is_object(document.body):
                for _, start, body in object_places(document):
                    yield resource_of(body, origin_of(rendered, stream, document, start, body))


def name_of(release: Release) -> str:
    """The chart's folder, with the further values file where there is one."""
    folder = release.chart.folder or "."
    files = [release.chart.relative(values.path) for values in release.values]
    return f"{folder}:{','.join(files)}" if files else folder
