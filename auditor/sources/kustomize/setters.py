"""Which part of a kustomization sets a field of a rendered object.

kustomize tells which transformers it ran on an object, in order, but not what each one changed. The settings of
each, read back from the last one, tell the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from auditor.model import Path
from auditor.patterns import regex
from auditor.sources.kustomize.kustomization import PATCH_FIELDS, Kustomization, items
from auditor.sources.kustomize.patches import Identity, Parsed, patches_of, selects, sites_in
from auditor.sources.kustomize.site import Site

REPLACEMENT = "a replacement copies the value from another object: change it there by hand"
IMAGE = "images sets it in parts: change its newName, newTag or digest by hand"
_FIELD_STEP = regex(r"\[[^\]]*\]|(?:\\\\.|[^.\\[])+")
_LABEL_MAPS = frozenset({"labels", "matchLabels", "selector"})


class Question(NamedTuple):
    """What is asked: who gives ``path`` of the object ``identity`` its ``value``?"""

    path: Path
    value: Any
    identity: Identity
    parsed: Parsed


Finder = Callable[[Kustomization, Question], Iterator[Site]]


def setters(layers: Sequence[tuple[Kustomization, str]], question: Question) -> Iterator[Site]:
    """Places that set the value, the one that wins first. ``layers`` are in the order in which they ran."""
    done: set[tuple[str, str]] = set()
    for kustomization, kind in reversed(layers):
        finder = FINDERS.get(kind)
        if finder and (kustomization.path, kind) not in done:
            done.add((kustomization.path, kind))
            yield from finder(kustomization, question)


def _site(kustomization: Kustomization, at: Path, setter: str, refusal: str = "") -> Site:
    return Site(kustomization.parsed, kustomization.document, at, setter, refusal)


def _patches(*fields: str) -> Finder:
    def find(kustomization: Kustomization, question: Question) -> Iterator[Site]:
        for patch in reversed([*patches_of(kustomization, fields, question.parsed)]):
            yield from sites_in(patch, question.path, question.value, question.identity)

    return find


def _namespace(kustomization: Kustomization, question: Question) -> Iterator[Site]:
    if question.path[-1:] == ("namespace",) and kustomization.body.get("namespace") == question.value:
        yield _site(kustomization, ("namespace",), "namespace")


def _labels(kustomization: Kustomization, question: Question) -> Iterator[Site]:
    if len(question.path) < 2 or question.path[-2] not in _LABEL_MAPS:
        return
    key = question.path[-1]
    for at, item in items(kustomization.body, "labels"):
        pairs = item.get("pairs") if type(item) is dict else None
        if type(pairs) is dict and key in pairs and pairs[key] == question.value:
            yield _site(kustomization, (*at, "pairs", key), "labels")
    yield from _pair(kustomization, "commonLabels", key, question.value)


def _annotations(kustomization: Kustomization, question: Question) -> Iterator[Site]:
    if question.path[-2:-1] == ("annotations",):
        yield from _pair(kustomization, "commonAnnotations", question.path[-1], question.value)


def _pair(kustomization: Kustomization, name: str, key: str | int, value: Any) -> Iterator[Site]:
    pairs = kustomization.body.get(name)
    if type(pairs) is dict and key in pairs and pairs[key] == value:
        yield _site(kustomization, (name, key), name)


def _replicas(kustomization: Kustomization, question: Question) -> Iterator[Site]:
    if question.path[-1:] != ("replicas",):
        return
    for at, item in items(kustomization.body, "replicas"):
        if type(item) is dict and item.get("count") == question.value and _named(item, question.identity):
            yield _site(kustomization, (*at, "count"), "replicas")


def _named(item: dict[str, Any], identity: Identity) -> bool:
    name = item.get("name")
    return type(name) is str and any(name in known for known in identity.names)


def _images(kustomization: Kustomization, question: Question) -> Iterator[Site]:
    if question.path[-1:] != ("image",) or type(question.value) is not str:
        return
    name, tag, digest = split_image(question.value)
    for at, item in items(kustomization.body, "images"):
        if type(item) is not dict or name not in (item.get("newName"), item.get("name")):
            continue
        if item.get("digest") == digest and digest:
            yield _site(kustomization, (*at, "digest"), "images", IMAGE)
        elif str(item.get("newTag")) == tag and tag:
            yield _site(kustomization, (*at, "newTag"), "images", IMAGE)
        elif item.get("newName") == name:
            yield _site(kustomization, (*at, "newName"), "images", IMAGE)


def split_image(image: str) -> tuple[str, str, str]:
    """Name, tag and digest of an image reference; a port in the registry is no tag."""
    name, _, digest = image.partition("@")
    head, colon, tag = name.rpartition(":")
    return (head, tag, digest) if colon and "/" not in tag else (name, "", digest)


def _replacements(kustomization: Kustomization, question: Question) -> Iterator[Site]:
    for at, item in items(kustomization.body, "replacements"):
        for target_at, target in items(item, "targets"):
            if not selects(target.get("select") if type(target) is dict else None, question.identity):
                continue
            for field_at, field in items(target, "fieldPaths"):
                if type(field) is str and _same_field(field, question):
                    yield _site(kustomization, (*at, *target_at, *field_at), "replacements", REPLACEMENT)


def _same_field(field: str, question: Question) -> bool:
    """Whether a replacement's field path means ours: ``spec.containers.[name=x].image``, with ``*`` for any."""
    steps = _FIELD_STEP.findall(field)
    if len(steps) != len(question.path):
        return False
    here = question.identity.body
    for step, mine in zip(steps, question.path, strict=True):
        if type(mine) is int:
            here = here[mine]
            key, equals, wanted = step.strip("[]").partition("=")
            by_key = step.startswith("[") and equals and type(here) is dict and str(here.get(key)) == wanted
            if not (by_key or step in ("*", str(mine))):
                return False
        elif step.strip("[]").replace("\\.", ".") != mine:
            return False
        else:
            here = here[mine]
    return True


FINDERS: dict[str, Finder] = {
    "PatchStrategicMergeTransformer": _patches("patchesStrategicMerge"),
    "PatchTransformer": _patches("patches"),
    "PatchJson6902Transformer": _patches("patchesJson6902"),
    "NamespaceTransformer": _namespace,
    "LabelTransformer": _labels,
    "AnnotationsTransformer": _annotations,
    "ReplicaCountTransformer": _replicas,
    "ImageTagTransformer": _images,
    "ReplacementTransformer": _replacements,
}
"""By the kind that kustomize gives its own transformers."""


def generator_site(kustomization: Kustomization, question: Question) -> Site | None:
    """The entry of a ConfigMap or Secret generator that makes the object, and in it the literal or file."""
    field = "secretGenerator" if question.identity.kind == "Secret" else "configMapGenerator"
    best: tuple[int, Path, dict[str, Any]] | None = None
    for at, item in items(kustomization.body, field):
        name = item.get("name") if type(item) is dict else None
        if type(name) is str and any(name in known for known in question.identity.names):
            best = max(best or (-1, at, item), (len(name), at, item), key=lambda found: found[0])
    if best is None:
        return None
    return _site(kustomization, best[1] + _entry(best[2], question.path), field, GENERATED)


GENERATED = "a generator makes the object: change its input by hand"


def _entry(item: dict[str, Any], path: Path) -> Path:
    """Where a generator's item gives a data key."""
    if len(path) < 2 or path[0] not in ("data", "stringData", "binaryData"):
        return ()
    for at, text in items(item, "literals"):
        if type(text) is str and text.partition("=")[0] == path[1]:
            return at
    for at, text in items(item, "files"):
        if type(text) is str and (text.partition("=")[0] == path[1] or text.rpartition("/")[2] == path[1]):
            return at
    return ()


def removable(kustomization: Kustomization) -> Iterator[Path]:
    """Entries that can be left out one by one to see whether a value is theirs, the last first."""
    for field in ("replacements", "transformers", "images", "replicas", "vars", *PATCH_FIELDS, "components"):
        for at, _ in reversed([*items(kustomization.body, field)]):
            yield at
