"""Where a rendered object comes from: its base file, and whatever set a field on top of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

from auditor.fixes import Editable, Refused
from auditor.model import Path, Place
from auditor.patterns import regex
from auditor.sources.git import Checkout
from auditor.sources.kustomize.align import align, existing, value_at
from auditor.sources.kustomize.graph import Graph
from auditor.sources.kustomize.kustomization import Kustomization
from auditor.sources.kustomize.patches import Identity
from auditor.sources.kustomize.setters import Question, generator_site, removable, setters
from auditor.sources.kustomize.site import Site
from auditor.sources.kustomize.variants import Variants
from auditor.sources.manifests import EXCERPT_LINES, ParsedFile, editor
from auditor.sources.tree import Unreadable
from auditor.yamlio import YamlDocument, load_stream

_SHOWN_CANDIDATES = 4
_HASH_LENGTH = len("-5t6h9k2m7b")
_RENAMING = frozenset({"PrefixTransformer", "SuffixTransformer"})
_VARIABLE = regex(r"\$\([\w.-]+\)")
_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"))


class Rendering:
    """What the objects of one rendered kustomization share."""

    def __init__(
        self, checkout: Checkout, graph: Graph, folder: str, variants: Variants, roots: Sequence[str]
    ) -> None:
        self._checkout, self._graph, self.folder = checkout, graph, folder
        self.variants = variants
        self._roots = roots
        self.kustomizations = {
            node.path: node.kustomization for node in graph.closure(folder) if node.kustomization
        }

    def parsed(self, path: str) -> ParsedFile | None:
        """A file of the tree, or None when it cannot be read."""
        try:
            return self._checkout.parsed(path)
        except Unreadable:
            return None

    def resolve(self, path: str) -> str:
        """A path as kustomize names it, relative to the root's folder, as one relative to the tree."""
        return posixpath.normpath(posixpath.join(self.folder, path))

    def layers(self, text: str) -> list[tuple[Kustomization, str]]:
        """The transformers that ran on an object, from kustomize's own annotation, in order."""
        found: list[tuple[Kustomization, str]] = []
        for entry in _list(text):
            kustomization = self.kustomizations.get(self.resolve(str(entry.get("configuredIn"))))
            configured = entry.get("configuredBy")
            if kustomization and type(configured) is dict:
                found.append((kustomization, str(configured.get("kind"))))
        return found

    def sharers(self, path: str) -> list[str]:
        """The other rendered kustomizations that the file is part of."""
        return [folder for folder in self._graph.users(path, self._roots) if folder != self.folder]

    @property
    def root_path(self) -> str:
        """The kustomization file of the root."""
        return self._graph.nodes[self.folder].path


def _list(text: str) -> list[dict[str, Any]]:
    documents = load_stream(text.encode("utf-8", "surrogatepass"), "") if text else []
    body = documents[0].body if documents else None
    return [entry for entry in body if type(entry) is dict] if isinstance(body, list) else []


def origin_of(text: str) -> dict[str, Any]:
    """kustomize's origin annotation: ``path`` of a base file, or ``configuredIn`` of a generator."""
    documents = load_stream(text.encode("utf-8", "surrogatepass"), "") if text else []
    body = documents[0].body if documents else None
    return body if type(body) is dict else {}


class RenderedOrigin:
    """The origin of one object that a kustomization renders to."""

    __slots__ = (
        "_base",
        "_body",
        "_known",
        "_layers",
        "_origin",
        "_places",
        "_rendering",
        "_transformations",
    )

    source = "git"

    def __init__(self, rendering: Rendering, body: Any, origin: str, transformations: str) -> None:
        self._rendering, self._body = rendering, body
        self._origin = origin_of(origin)
        self._transformations = transformations
        self._base: tuple[ParsedFile, YamlDocument, Path, Any] | None = None
        self._known = False
        self._layers: list[tuple[Kustomization, str]] | None = None
        self._places: dict[Path, Site | str] = {}

    @property
    def file(self) -> str:
        """The base file, or the kustomization that generates the object."""
        named = self._origin.get("path") or self._origin.get("configuredIn")
        return self._rendering.resolve(named) if type(named) is str else self._rendering.root_path

    @property
    def editable(self) -> bool:
        """Whether some fields can be edited; :meth:`editable_at` answers for one field."""
        return self._found_base() is not None

    def locate(self, path: Path) -> Place:
        """Where the value is set; its nearest ancestor in the base file when nothing tells."""
        site = self._site(existing(self._body, path))
        if isinstance(site, Site):
            note = "" if site.setter == "base" else f"set by {site.setter}"
            return Place(site.parsed.file.path, site.span, "exact", self._with_base(note, site))
        base = self._found_base()
        if base is None:
            return Place(self.file, None, "rendered", site)
        parsed, document, start, body = base
        at = align(path, self._body, body)
        return Place(parsed.file.path, parsed.file.map(document).nearest(start + at)[0], "rendered", site)

    def editable_at(self, path: Path) -> Editable:
        """How the file that sets ``path`` (or, when it is missing, its nearest ancestor) is edited there."""
        known = existing(self._body, path)
        site = self._site(known)
        if isinstance(site, str):
            raise Refused(site)
        if site.refusal:
            raise Refused(f"{site.refusal} ({site.parsed.file.path}:{site.span.line})")
        others = self._rendering.sharers(site.parsed.file.path)
        note = (
            f"changes {', '.join(others)} too, which share{'s' * (len(others) == 1)} the file"
            if others
            else ""
        )
        file = site.parsed.file
        return editor(file.path, file.map(site.document), lambda at: site.path + at[len(known) :], note)

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """A few lines around the place."""
        parsed = self._rendering.parsed(place.file) if place.span else None
        if parsed is None or place.span is None:
            return []
        return parsed.file.lines(place.span.line - EXCERPT_LINES, place.span.line + EXCERPT_LINES)

    def comment(self, place: Place) -> str:
        """The comment on the line or directly above it."""
        parsed = self._rendering.parsed(place.file) if place.span else None
        if parsed is None or place.span is None:
            return ""
        for document in parsed.documents:
            if document.start <= place.span.start < max(document.end, document.start + 1):
                return parsed.file.map(document).comments_on(place.span.line)
        return ""

    def _with_base(self, note: str, site: Site) -> str:
        return (
            f"{note}; the object is from {self.file}" if note and site.parsed.file.path != self.file else note
        )

    def _site(self, path: Path) -> Site | str:
        found = self._places.get(path)
        if found is None:
            found = self._places[path] = self._find(path)
        return found

    def _find(self, path: Path) -> Site | str:
        value = value_at(self._body, path)
        question = Question(path, value, self._identity(), self._rendering.parsed)
        base = self._base_site(path)
        if type(value) in (dict, list):
            return base or self._first(question) or self._from_generator(question) or self._ancestor(path)
        written = base is not None and self._written(base, value)
        if base and written and (path in _IDENTITY or path[-1:] == ("name",)):
            return base  # patches repeat these to say which object or list element they mean
        first = self._first(question)
        if first:
            return first
        if base and written:
            return base
        return self._from_generator(question) or self._confirmed(path)

    def _first(self, question: Question) -> Site | None:
        return next(setters(self._ran(), question), None)

    def _ancestor(self, path: Path) -> Site | str:
        return self._site(path[:-1]) if path else f"no file of {self._rendering.folder} holds it"

    def _identity(self) -> Identity:
        base = self._found_base()
        names = {value_at(self._body, ("metadata", "name"))}
        if base:
            names.add(value_at(base[3], ("metadata", "name")))
        group, slash, _ = str(self._body["apiVersion"]).partition("/")
        known = frozenset(name for name in names if type(name) is str)
        return Identity(self._body["kind"], group if slash else "", known, self._body)

    def _ran(self) -> list[tuple[Kustomization, str]]:
        if self._layers is None:
            self._layers = self._rendering.layers(self._transformations)
        return self._layers

    def _base_site(self, path: Path) -> Site | None:
        base = self._found_base()
        if base is None:
            return None
        parsed, document, start, body = base
        at = align(path, self._body, body)
        return Site(parsed, document, start + at, "base") if len(at) == len(path) else None

    def _written(self, base: Site, value: Any) -> bool:
        """Whether the base writes the value, or the part of it that no prefix, suffix or hash added."""
        written = value_at(base.document.body, base.path)
        if written != value and type(value) is str and type(written) is str and written:
            renamed = any(kind in _RENAMING for _, kind in self._ran())
            return (renamed and written in value) or _grown(written, value)
        return bool(written == value)

    def _from_generator(self, question: Question) -> Site | None:
        named = self._origin.get("configuredIn")
        if type(named) is not str:
            return None
        kustomization = self._rendering.kustomizations.get(self._rendering.resolve(named))
        return generator_site(kustomization, question) if kustomization else None

    def _confirmed(self, path: Path) -> Site | str:
        """The entry without which the value is another one, by rendering; else the candidates, in words."""
        candidates: list[Site] = []
        for kustomization in self._order():
            for at in removable(kustomization):
                site = Site(kustomization.parsed, kustomization.document, at, f"{at[0]}", OPAQUE)
                if self._rendering.variants.changes(kustomization, at, self._body, path):
                    return site
                candidates.append(site)
        if not candidates:
            return "only the rendered object has it"
        shown = [f"{site.parsed.file.path}:{site.span.line}" for site in candidates[:_SHOWN_CANDIDATES]]
        return f"set by one of {len(candidates)} entries: {', '.join(shown)}{' …' * (len(candidates) > len(shown))}"

    def _order(self) -> Iterator[Kustomization]:
        """The kustomizations that touched the object, the last first."""
        seen: set[str] = set()
        for kustomization, _ in reversed(self._ran()):
            if kustomization.path not in seen:
                seen.add(kustomization.path)
                yield kustomization

    def _found_base(self) -> tuple[ParsedFile, YamlDocument, Path, Any] | None:
        if not self._known:
            self._known = True
            named = self._origin.get("path")
            parsed = self._rendering.parsed(self._rendering.resolve(named)) if type(named) is str else None
            self._base = _matching(parsed, self._body) if parsed else None
        return self._base


OPAQUE = "what it does to the object was found by leaving it out: change it by hand"


def _grown(written: str, value: str) -> bool:
    """Whether the value is what was written, with a generator's hash behind it or its ``$(VAR)`` filled in."""
    if value.startswith(f"{written}-") and len(value) == len(written) + _HASH_LENGTH:
        return True
    pieces = _VARIABLE.split(written)
    if len(pieces) == 1 or not (value.startswith(pieces[0]) and value.endswith(pieces[-1])):
        return False
    at = 0
    for piece in pieces:
        at = value.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def _matching(parsed: ParsedFile, rendered: Any) -> tuple[ParsedFile, YamlDocument, Path, Any] | None:
    """The object of a base file that was rendered to this one: same kind and the closest name, or the only one."""
    name, space = (value_at(rendered, ("metadata", key)) for key in ("name", "namespace"))
    found: list[tuple[tuple[bool, int, bool], tuple[ParsedFile, YamlDocument, Path, Any]]] = []
    alike = [each for each in parsed.objects() if each[2]["kind"] == rendered.get("kind")]
    for document, start, body in alike:
        mine = value_at(body, ("metadata", "name"))
        if type(name) is str and type(mine) is str and mine in name:
            rank = (mine == name, len(mine), value_at(body, ("metadata", "namespace")) == space)
            found.append((rank, (parsed, document, start, body)))
    if not found and len(alike) == 1:
        return (parsed, *alike[0])
    return max(found, key=lambda each: each[0])[1] if found else None
