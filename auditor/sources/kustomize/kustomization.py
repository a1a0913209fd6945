"""One kustomization file, and everything that it names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from auditor.model import Path
from auditor.patterns import regex
from auditor.sources.manifests import ParsedFile
from auditor.yamlio import YamlDocument, load_stream

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
FLUX: Final = "kustomize.toolkit.fluxcd.io/"
PATCH_FIELDS: Final = ("patches", "patchesStrategicMerge", "patchesJson6902")

_REMOTE: Final = regex(
    r"^[a-z][a-z0-9+.-]*://|^git::|^gh:|^(www\.)?github\.com[/:]|^[\w.-]+@[\w.-]+[:/]|[?&](ref|version)=",
    re.I,
)
_PLUGIN_FIELDS: Final = ("generators", "transformers", "validators")
_HELM_FIELDS: Final = ("helmCharts", "helmChartInflationGenerator")
_HELM_KIND: Final = "HelmChartInflationGenerator"
_FUNCTION: Final = "config.kubernetes.io/function"


class Reference(Struct, frozen=True):
    """Something that a kustomization names: in which field, where, and what."""

    field: str
    at: Path
    text: str


class Plugin(Struct, frozen=True):
    """A generator, transformer or validator that is more than a built-in one."""

    at: Path
    what: str


def is_remote(text: str) -> bool:
    """Whether kustomize would ask the network for this resource."""
    return bool(_REMOTE.search(text.strip()))


def is_inline(text: str) -> bool:
    """Whether an entry of ``patchesStrategicMerge`` is a patch, and not the name of a file with one."""
    return "\n" in text or text.lstrip().startswith("{")


def items(body: Any, field: str) -> Iterator[tuple[Path, Any]]:
    """The elements of a list field with their paths; nothing when it is no list."""
    found = body.get(field) if type(body) is dict else None
    if type(found) is list:
        for index, item in enumerate(found):
            yield (field, index), item


class Kustomization:
    """A parsed kustomization file; wrong types are left for kustomize to complain about."""

    __slots__ = ("body", "document", "folder", "parsed", "path")

    def __init__(self, path: str, parsed: ParsedFile, document: YamlDocument, body: dict[str, Any]) -> None:
        self.path = path
        self.folder = posixpath.dirname(path)
        self.parsed = parsed
        self.document = document
        self.body = body

    @property
    def is_component(self) -> bool:
        """A component cannot be rendered on its own."""
        return self.body.get("kind") == "Component"

    def line(self, at: Path) -> int:
        """The line of a place in the file."""
        return self.parsed.line(self.document, at)

    def resources(self) -> Iterator[Reference]:
        """Files, folders and URLs whose objects are taken in."""
        for field in ("resources", "bases", "components"):
            for at, item in items(self.body, field):
                if type(item) is str:
                    yield Reference(field, at, item)

    def inputs(self) -> Iterator[Reference]:
        """Files that shape or generate objects and are none themselves."""
        yield from self._patches()
        yield from self._generator_inputs()
        for at, item in items(self.body, "replacements"):
            if type(item) is dict and type(item.get("path")) is str:
                yield Reference("replacements", (*at, "path"), item["path"])
        for field in ("crds", "configurations"):
            for at, item in items(self.body, field):
                if type(item) is str:
                    yield Reference(field, at, item)
        openapi = self.body.get("openapi")
        if type(openapi) is dict and type(openapi.get("path")) is str:
            yield Reference("openapi", ("openapi", "path"), openapi["path"])

    def _patches(self) -> Iterator[Reference]:
        for at, item in items(self.body, "patchesStrategicMerge"):
            if type(item) is str and not is_inline(item):
                yield Reference("patchesStrategicMerge", at, item)
        for field in ("patches", "patchesJson6902"):
            for at, item in items(self.body, field):
                if type(item) is dict and type(item.get("path")) is str:
                    yield Reference(field, (*at, "path"), item["path"])
                elif type(item) is str and not is_inline(item):
                    yield Reference(field, at, item)

    def _generator_inputs(self) -> Iterator[Reference]:
        for field in ("configMapGenerator", "secretGenerator"):
            for at, item in items(self.body, field):
                if type(item) is dict:
                    for inner, text in file_inputs(item):
                        yield Reference(field, at + inner, text)

    def plugins(self) -> Iterator[Reference]:
        """Generator, transformer and validator configurations that lie in files or folders."""
        for field in _PLUGIN_FIELDS:
            for at, item in items(self.body, field):
                if type(item) is str and "\n" not in item:
                    yield Reference(field, at, item)

    def inline_plugins(self) -> Iterator[tuple[Path, Any]]:
        """Those that stand in the kustomization file itself."""
        for field in _PLUGIN_FIELDS:
            for at, item in items(self.body, field):
                if type(item) is str and "\n" in item:
                    for document in load_stream(item.encode(), self.path):
                        yield at, document.body

    def charts(self) -> Iterator[Reference]:
        """Helm charts that kustomize would fetch and render with ``--enable-helm``."""
        for field in _HELM_FIELDS:
            for at, item in items(self.body, field):
                name = item.get("name") or item.get("chartName") if type(item) is dict else None
                yield Reference(field, at, str(name or "a chart"))


def file_inputs(item: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Files that a ConfigMap or Secret generator reads."""
    for at, text in items(item, "files"):
        if type(text) is str:
            yield at, text.partition("=")[2] or text
    for at, text in items(item, "envs"):
        if type(text) is str:
            yield at, text
    if type(item.get("env")) is str:
        yield ("env",), item["env"]


def plugin_inputs(body: dict[str, Any]) -> Iterator[str]:
    """Files that a built-in generator or transformer configuration names."""
    if type(body.get("path")) is str:
        yield body["path"]
    for _, text in items(body, "paths"):
        if type(text) is str and "\n" not in text:
            yield text
    for _, text in file_inputs(body):
        yield text


def foreign_plugin(body: Any) -> str:
    """What a plugin configuration would run that kustomize has not built in; '' when nothing."""
    if type(body) is not dict:
        return ""
    kind = body.get("kind")
    if kind == _HELM_KIND:
        return "the Helm chart inflator"
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if type(metadata) is dict else None
    if body.get("apiVersion") != "builtin" or (type(annotations) is dict and _FUNCTION in annotations):
        return f"the plugin {kind}"
    return ""


def resolve(folder: str, text: str) -> str | None:
    """The path of ``text`` seen from ``folder``; None when it leads out of the tree."""
    if text.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(folder, text))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path
