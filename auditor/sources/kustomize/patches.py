"""Patches of a kustomization: what each one sets in an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from auditor.model import Path
from auditor.patterns import regex
from auditor.sources.kustomize.align import MISSING, align, value_at
from auditor.sources.kustomize.kustomization import Kustomization, is_inline, items, resolve
from auditor.sources.kustomize.site import Site, inline_span
from auditor.sources.manifests import ParsedFile
from auditor.spans import Span
from auditor.yamlio import SourceMap, YamlDocument, load_stream

INLINE = "the patch is a text inside the kustomization file: change it there by hand"
JSON_PATCH = "a JSON patch sets it: change its value by hand"
_SIMPLE = regex(r"[\^(]*(?:[\w-]|\.\*?|\|)*[$)]*")

Parsed = Callable[[str], ParsedFile | None]


class Identity(NamedTuple):
    """What patches may call an object by."""

    kind: str
    group: str
    names: frozenset[str]
    """Its name as rendered, and in its base."""
    body: Any


class Patch(NamedTuple):
    """One patch of a kustomization, in a file or written into it."""

    kustomization: Kustomization
    at: Path
    """The text or the file name, in the kustomization."""
    item: Path
    """The entry of the list of patches."""
    target: Any
    file: ParsedFile | None
    documents: list[YamlDocument]
    text: bytes


def patches_of(kustomization: Kustomization, fields: tuple[str, ...], parsed: Parsed) -> Iterator[Patch]:
    """The patches in these fields, in order. ``parsed`` gives a :class:`ParsedFile` for a path, or None."""
    for field in fields:
        for item_path, item in items(kustomization.body, field):
            found = _patch(kustomization, field, item_path, item, parsed)
            if found:
                yield found


def _patch(
    kustomization: Kustomization, field: str, item_path: Path, item: Any, parsed: Parsed
) -> Patch | None:
    target = item.get("target") if type(item) is dict else None
    if field == "patchesStrategicMerge":
        at, text = item_path, item if type(item) is str and is_inline(item) else None
        name = item if type(item) is str and text is None else None
    elif type(item) is dict:
        text, name = item.get("patch"), item.get("path")
        at = (*item_path, "patch" if type(text) is str else "path")
    else:
        return None
    if type(text) is str:
        data = text.encode("utf-8", "surrogatepass")
        return Patch(kustomization, at, item_path, target, None, load_stream(data, kustomization.path), data)
    path = resolve(kustomization.folder, name) if type(name) is str else None
    file = parsed(path) if path is not None else None
    if file is None:
        return None
    return Patch(kustomization, at, item_path, target, file, file.documents, b"")


def sites_in(patch: Patch, path: Path, value: Any, identity: Identity) -> Iterator[Site]:
    """Where the patch gives ``path`` of the object its ``value``, the last such place first."""
    for document in reversed(patch.documents):
        body = document.body
        if type(body) is list:
            if selects(patch.target, identity):
                yield from _json_sites(patch, document, path, value, identity)
        elif type(body) is dict and (
            selects(patch.target, identity) if patch.target else names(body, identity)
        ):
            at = align(path, identity.body, body)
            if len(at) == len(path) and (value is MISSING or _sets(value_at(body, at), value)):
                yield _site(patch, document, at, "patch")


def _sets(written: Any, value: Any) -> bool:
    return bool(written == value) or type(value) in (dict, list)


def _json_sites(
    patch: Patch, document: YamlDocument, path: Path, value: Any, identity: Identity
) -> Iterator[Site]:
    body: Any = document.body
    for index in range(len(body) - 1, -1, -1):
        operation = body[index]
        if type(operation) is not dict or operation.get("op") not in ("add", "replace"):
            continue
        rest = _under(operation.get("path"), path)
        if rest is None or "value" not in operation:
            continue
        inside = align(rest, value_at(identity.body, path[: len(path) - len(rest)]), operation["value"])
        if len(inside) == len(rest) and _sets(value_at(operation["value"], inside), value):
            yield _site(patch, document, (index, "value", *inside), "JSON patch", JSON_PATCH)


def _under(pointer: Any, path: Path) -> Path | None:
    """What is left of ``path`` below a JSON pointer; None when the pointer leads elsewhere.

    A number or ``-`` in the pointer may be another index than the rendered one: the list may have grown.
    """
    if type(pointer) is not str or not pointer.startswith("/"):
        return None
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]
    if len(steps) > len(path):
        return None
    for step, mine in zip(steps, path, strict=False):
        if type(mine) is int:
            if step != "-" and not step.isdigit():
                return None
        elif step != mine:
            return None
    return path[len(steps) :]


def _site(patch: Patch, document: YamlDocument, at: Path, setter: str, refusal: str = "") -> Site:
    if patch.file is not None:
        return Site(patch.file, document, at, setter, refusal)
    kustomization = patch.kustomization
    inner = SourceMap(patch.text, document).nearest(at)[0]
    outer = kustomization.parsed.file.map(kustomization.document)
    span: Span | None = inline_span(outer, patch.at, inner)
    return Site(kustomization.parsed, kustomization.document, patch.at, setter, INLINE, span)


def names(body: dict[str, Any], identity: Identity) -> bool:
    """Whether a strategic merge patch names the object by kind and name."""
    metadata = body.get("metadata")
    name = metadata.get("name") if type(metadata) is dict else None
    if body.get("kind") != identity.kind or type(name) is not str:
        return False
    return name in identity.names or any(name in known for known in identity.names)


def selects(target: Any, identity: Identity) -> bool:
    """Whether a patch's ``target`` selects the object, as far as kind, group, names and labels tell."""
    if type(target) is not dict:
        return True
    if not _matches(target.get("kind"), (identity.kind,)) or not _matches(
        target.get("group"), (identity.group,)
    ):
        return False
    wanted = target.get("name")
    if not _matches(wanted, identity.names) and not any(str(wanted) in name for name in identity.names):
        return False
    labels = value_at(identity.body, ("metadata", "labels"))
    return _labelled(target.get("labelSelector"), labels if type(labels) is dict else {})


def _matches(pattern: Any, values: Iterable[str]) -> bool:
    """Whether a name pattern can match: exact for names, ``|`` and ``.*``; other expressions may match."""
    if type(pattern) is not str or not pattern:
        return True
    if not _SIMPLE.fullmatch(pattern):
        return True
    globs = [choice.replace(".*", "*") for choice in pattern.strip("^$()").split("|")]
    return any(fnmatchcase(value, glob) for value in values for glob in globs)


def _labelled(selector: Any, labels: dict[str, Any]) -> bool:
    """Equality terms only: a term of another form is taken as met."""
    if type(selector) is not str:
        return True
    for term in selector.split(","):
        key, equals, value = term.partition("=")
        if equals and "!" not in key and labels.get(key.strip()) != value.lstrip("=").strip():
            return False
    return True
