"""Where an object that a chart renders to comes from: the template's line, and the key of the values."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from auditor.fixes import Editable, Refused
from auditor.model import Path, Place
from auditor.patterns import regex
from auditor.sources.git import Checkout
from auditor.sources.helm.chart import Charts
from auditor.sources.helm.release import Helm, Release, Values, render_input
from auditor.sources.helm.template import Found, Template
from auditor.sources.helm.values import Key, Layer, ScopedValues, changed
from auditor.sources.kustomize.align import MISSING, existing, value_at
from auditor.sources.kustomize.variants import Budget, key_of
from auditor.sources.manifests import EXCERPT_LINES, ParsedFile, editor
from auditor.sources.sandbox import RenderFailed
from auditor.sources.tree import Unreadable
from auditor.yamlio import SourceMap, YamlDocument, load_stream

SOURCE: Final = regex(rb"^# Source: (.+)$", re.MULTILINE)
_TRIES = 6


class Rendered:
    """What the objects of one rendered release share."""

    def __init__(
        self, checkout: Checkout, charts: Charts, helm: Helm, release: Release, budget: Budget
    ) -> None:
        self._checkout, self._charts, self._helm, self._budget = checkout, charts, helm, budget
        self.release = release
        self._templates: dict[str, Template | None] = {}
        self._scopes: dict[str, ScopedValues] = {}
        self._tried: dict[tuple[str, Path], dict[Any, Any] | None] = {}

    def file_of(self, source: str) -> str:
        """The template of the tree that a ``# Source:`` comment means, or the archive that holds it."""
        chart = self.release.chart
        _, _, inside = source.partition("/")
        path = chart.absolute(inside)
        if path in chart.files or not inside.startswith("charts/"):
            return path
        name, _, rest = inside.removeprefix("charts/").partition("/")
        if name in chart.local:
            return posixpath.join(chart.local[name], rest)
        archives = [each for each in chart.files if each.startswith(chart.absolute(f"charts/{name}-"))]
        return archives[0] if archives else path

    def template(self, path: str) -> Template | None:
        """A template of the tree; None for one inside an archive."""
        if path not in self._templates:
            try:
                data = b"" if path.endswith(".tgz") else self._checkout.read(path)
            except Unreadable:
                data = b""
            self._templates[path] = Template(path, data) if data else None
        return self._templates[path]

    def scope(self, source: str) -> ScopedValues:
        """The values that a template sees."""
        _, _, inside = source.partition("/")
        subchart = ""
        if inside.startswith("charts/"):
            subchart = inside.removeprefix("charts/").partition("/")[0]
        if subchart not in self._scopes:
            self._scopes[subchart] = ScopedValues([*self._layers(subchart)])
        return self._scopes[subchart]

    def _layers(self, subchart: str) -> Iterator[Layer]:
        chart = self.release.chart
        prefix: Path = (subchart,) if subchart else ()
        if subchart:
            folder = chart.local.get(subchart) or chart.absolute(f"charts/{subchart}")
            yield from self._layer(Values(f"{folder}/values.yaml"), ())
        yield from self._layer(Values(chart.absolute("values.yaml")), prefix)
        for values in self.release.values:
            yield from self._layer(values, prefix)

    def _layer(self, values: Values, prefix: Path) -> Iterator[Layer]:
        data = values.data
        try:
            parsed = (
                self._checkout.parsed(values.path)
                if data is None
                else ParsedFile(values.path, lambda _: data)
            )
        except Unreadable:
            return
        for document in parsed.documents[:1]:
            if type(document.body) is dict:
                yield Layer(parsed, document, prefix, values.path if data is not None else "")

    def sets(self, key: Key, body: Any, path: Path) -> bool | None:
        """Whether another value of ``key`` changes ``path`` of the object; None when that cannot be tried."""
        name = key.layer.inline or key.layer.parsed.file.path
        if (name, key.path) not in self._tried:
            self._tried[name, key.path] = self._render_changed(key) if self._budget.take() else None
        objects = self._tried[name, key.path]
        if objects is None:
            return None
        other = objects.get(key_of(body))
        return other is None or value_at(other, path) != value_at(body, path)

    def _render_changed(self, key: Key) -> dict[Any, Any] | None:
        override = nested(key.path, changed(key.value))
        try:
            release = self.release.with_values(Values("probe", json.dumps(override).encode()))
            data = self._helm.render(render_input(self._checkout, self._charts, release))
        except (RenderFailed, Unreadable):
            return None
        bodies = (document.body for document in load_stream(data, ""))
        return {key_of(body): body for body in bodies if type(body) is dict}

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """Lines around a place in a template."""
        template = self.template(place.file)
        return template.excerpt(place.span.line, EXCERPT_LINES) if template and place.span else []

    def comment(self, place: Place) -> str:
        """The comment at a place in a template."""
        template = self.template(place.file)
        return template.comment(place.span.line) if template and place.span else ""


def nested(path: Path, value: Any) -> Any:
    """``value`` below the keys of ``path``."""
    for step in reversed(path):
        value = {step: value}
    return value


class Setting(NamedTuple):
    """A key of the values, and how many steps of the object's path it stands for."""

    key: Key
    depth: int


class HelmOrigin:
    """The origin of one object that a chart renders to."""

    __slots__ = ("_body", "_found", "_map", "_rendered", "_settings", "_source", "_start")

    source = "git"

    def __init__(self, rendered: Rendered, body: Any, source: str, smap: SourceMap, start: Path) -> None:
        self._rendered, self._body, self._source = rendered, body, source
        self._map, self._start = smap, start
        self._found: dict[Path, Found | None] = {}
        self._settings: dict[Path, Setting | None] = {}

    @property
    def file(self) -> str:
        """The template, or the archive that holds it."""
        return self._rendered.file_of(self._source)

    @property
    def editable(self) -> bool:
        """Values can be edited; :meth:`editable_at` answers for one field."""
        return True

    def locate(self, path: Path) -> Place:
        """The template's line, and in the note the key of the values that sets the field."""
        template = self._rendered.template(self.file)
        found = self._find(path)
        if template is None or found is None:
            return Place(self.file, None, "file", "inside an archive" if template is None else "")
        setting = self._setting(path)
        note = f"set by {setting.key.place}" if setting else ""
        return Place(self.file, template.span(found.line), "file", note)

    def editable_at(self, path: Path) -> Editable:
        """How the values file that sets ``path`` is edited; Refused where the template writes it."""
        setting = self._setting(path)
        if setting is None:
            place = self.locate(path)
            line = f":{place.span.line}" if place.span else ""
            raise Refused(
                f"no key of the values sets it alone: change the template {place.file}{line} by hand"
            )
        key, depth = setting
        if key.layer.inline:
            raise Refused(f"the values of {key.layer.inline} set it: change them there by hand")
        if type(key.value) not in (dict, list) and depth < len(path):
            raise Refused(f"{key.place} is no map to add to")
        file = key.layer.parsed.file
        note = f"changes every object of the chart that reads {'.'.join(map(str, key.path))}"
        return editor(file.path, file.map(key.layer.document), lambda at: key.path + at[depth:], note)

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """A few lines of the template."""
        return self._rendered.excerpt(place)

    def comment(self, place: Place) -> str:
        """The comment on the template's line or directly above it."""
        return self._rendered.comment(place)

    def _find(self, path: Path) -> Found | None:
        if path not in self._found:
            template = self._rendered.template(self.file)
            at = self._start + existing(self._body, path)
            self._found[path] = template.find(self._map, at) if template else None
        return self._found[path]

    def _setting(self, path: Path) -> Setting | None:
        if path not in self._settings:
            self._settings[path] = self._find_setting(path)
        return self._settings[path]

    def _find_setting(self, path: Path) -> Setting | None:
        template, found = self._rendered.template(self.file), self._find(path)
        if template is None or found is None:
            return None
        scope, value = self._rendered.scope(self._source), value_at(self._body, path)
        if value is MISSING:
            return self._missing(template, scope, path)
        if type(value) in (dict, list) or (found.exact and template.is_literal(found.line)):
            return None
        near = [*scope.candidates(template.references(found.line), path, value)]
        for key in [*near, *(key for key in scope.holding(value) if key not in near)][:_TRIES]:
            if self._rendered.sets(key, self._body, path):
                return Setting(key, len(path))
        return None

    def _missing(self, template: Template, scope: ScopedValues, path: Path) -> Setting | None:
        """The key that the template prints where a missing field would stand: there it can be added."""
        known = existing(self._body, path)
        for depth in range(len(path), 0, -1):
            parent = self._find(path[: min(depth - 1, len(known))])
            if type(path[depth - 1]) is int or parent is None:
                continue
            for reference in template.printed_as(str(path[depth - 1]), parent.line):
                key = scope.lookup(reference)
                if key is None or (type(key.value) not in (dict, type(None)) and depth < len(path)):
                    continue
                if depth >= len(known) or value_at(key.value, known[depth:]) is not MISSING:
                    return Setting(key, depth)
        return None


def origin_of(rendered: Rendered, data: bytes, document: YamlDocument, start: Path, body: Any) -> HelmOrigin:
    """The origin of an object that stands at ``start`` in one document of a rendered stream."""
    comment = SOURCE.search(data, document.start, document.end)
    source = comment[1].decode("utf-8", "replace").strip() if comment else ""
    return HelmOrigin(rendered, body, source, SourceMap(data, document), start)
