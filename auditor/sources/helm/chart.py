"""Charts of a checkout: what belongs to each, which values it is deployed with, and what it lacks."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, field

from auditor.patterns import regex
from auditor.sources.git import Checkout
from auditor.sources.tree import Unreadable
from auditor.spans import Problem

CHART: Final = "Chart.yaml"
_VALUES: Final = regex(r"values[-._][^/]+\.ya?ml|ci/[^/]*values\.ya?ml")
_OWN: Final = regex(
    r"(Chart\.(yaml|lock)|requirements\.(yaml|lock)|values\.schema\.json|values[^/]*\.ya?ml|\.helmignore"
    r"|(templates|crds|charts|ci)/.*)"
)
MAX_NESTING = 5


class Chart(Struct):
    """One chart: its folder, name, files (relative to the tree), and the charts it needs."""

    folder: str
    path: str
    name: str = ""
    library: bool = False
    files: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    """Other files of the folder, which templates may read through ``.Files``."""
    local: dict[str, str] = field(default_factory=dict)
    """Dependencies by ``file://``: name → folder of the chart."""
    gaps: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def relative(self, path: str) -> str:
        """A file of the tree as a path inside the chart."""
        return path[len(self.folder) + 1 :] if self.folder else path

    def absolute(self, path: str) -> str:
        """A path inside the chart as one of the tree."""
        return posixpath.join(self.folder, path)

    def values_files(self) -> list[str]:
        """Further values files beside ``values.yaml``: each is a way to deploy the chart."""
        return [path for path in self.files if _VALUES.fullmatch(self.relative(path))]


class Charts:
    """Every chart of a checkout by folder; charts vendored in another's ``charts/`` are part of that one."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self.by_folder: dict[str, Chart] = {}
        for path in checkout.files:
            if posixpath.basename(path) == CHART and not self._vendored(posixpath.dirname(path)):
                self.by_folder[posixpath.dirname(path)] = self._read(path)
        for chart in self.by_folder.values():
            self._dependencies(chart)

    def _vendored(self, folder: str) -> bool:
        parent, _, name = folder.rpartition("/")
        while parent or name:
            if posixpath.basename(parent) == "charts" and posixpath.dirname(parent) in self.by_folder:
                return True
            parent, _, name = parent.rpartition("/")
        return False

    def _read(self, path: str) -> Chart:
        chart = Chart(posixpath.dirname(path), path)
        body = self._body(chart, path)
        if body is not None:
            name = body.get("name")
            chart.name = name if type(name) is str else posixpath.basename(chart.folder)
            chart.library = body.get("type") == "library"
        for each in below(self._checkout.files, chart.folder):
            (chart.files if _OWN.fullmatch(chart.relative(each)) else chart.beside).append(each)
        return chart

    def _body(self, chart: Chart, path: str) -> dict[str, Any] | None:
        """The mapping in one of the chart's own files; None, with a row, when it is not readable as one."""
        try:
            documents = self._checkout.parsed(path).documents
        except Unreadable as error:
            chart.problems.append(Problem(path, 0, 0, error.what, error.repair))
            return None
        chart.problems += [each.problem for each in documents if each.problem]
        body = documents[0].body if documents else None
        if type(body) is dict:
            return body
        if not chart.problems:
            chart.problems.append(
                Problem(path, 0, 0, "not a mapping, as a chart's description is", "mend it")
            )
        return None

    def _dependencies(self, chart: Chart) -> None:
        for path in (chart.path, chart.absolute("requirements.yaml")):
            if path in chart.files:
                for index, item in enumerate(_list(self._body(chart, path))):
                    self._dependency(chart, path, index, item)

    def _dependency(self, chart: Chart, path: str, index: int, item: Any) -> None:
        name = item.get("name") if type(item) is dict else None
        if type(name) is not str or self._is_vendored(chart, name, str(item.get("version"))):
            return
        repository = str(item.get("repository") or "")
        if repository.startswith("file://"):
            folder = posixpath.normpath(posixpath.join(chart.folder, repository.removeprefix("file://")))
            if folder in self.by_folder:
                chart.local[name] = folder
                return
        parsed = self._checkout.parsed(path)
        line = parsed.line(parsed.documents[0], ("dependencies", index))
        what = f"{chart.folder or '.'}: not rendered, needs the chart {name} {item.get('version') or ''}".rstrip()
        what += f" from {repository}" * bool(repository) + ", which is not in charts/"
        repair = f"helm dependency build {chart.folder or '.'}, where the network can be reached"
        chart.gaps.append(Problem(path, line, 0, what, repair))

    def _is_vendored(self, chart: Chart, name: str, version: str) -> bool:
        prefix = chart.absolute(f"charts/{name}")
        for path in chart.files:
            if path == f"{prefix}/{CHART}" or (path.startswith(f"{prefix}-") and path.endswith(".tgz")):
                return True
        archive = f"{prefix}-{version}.tgz"
        if "/" in name or "/" in version or not self._checkout.has_file(archive):
            return False
        chart.files.append(archive)  # `helm dependency build` was run, and Git ignores what it fetched
        return True


def _list(body: dict[str, Any] | None) -> Iterator[Any]:
    found = body.get("dependencies") if body else None
    yield from found if type(found) is list else ()


def below(files: list[str], folder: str) -> list[str]:
    """Those of the sorted ``files`` that lie in ``folder`` or deeper."""
    if not folder:
        return files
    first = bisect_left(files, folder + "/")
    return files[first : bisect_left(files, folder + "0")]  # "0" is the character after "/"
