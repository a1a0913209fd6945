"""Generators of ApplicationSets: sets of parameters, from what the set and the repository say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from auditor.sources.argocd.functions import FUNCTIONS
from auditor.sources.argocd.globs import GlobError, across, within
from auditor.sources.git import Checkout
from auditor.sources.tree import Unreadable
from auditor.yamlio import load_stream

MAX_PARAMETERS: Final = 1000
MAX_DEPTH: Final = 3
_KINDS: Final = ("list", "git", "matrix", "merge")

Parameters = dict[str, Any]
Fill = Callable[[Any, Parameters], Any]
"""Replaces the template expressions in a value by parameters."""


class NotGenerated(Exception):
    """A generator that cannot be evaluated here; the text says which and why."""


class Generators:
    """Evaluates the generators of one ApplicationSet."""

    def __init__(
        self, checkout: Checkout, fill: Fill, *, nested: bool, is_local: Callable[[str], bool]
    ) -> None:
        self._checkout, self._fill, self._nested, self._is_local = checkout, fill, nested, is_local

    def parameters(self, generator: Any, known: Parameters | None = None, depth: int = 0) -> list[Parameters]:
        """Every set of parameters of one generator. ``known`` are those of the first half of a matrix."""
        if type(generator) is not dict or depth > MAX_DEPTH:
            raise NotGenerated("the generator is no mapping, or nests too deep")
        kinds = [kind for kind in _KINDS if type(generator.get(kind)) is dict]
        if len(kinds) != 1:
            other = sorted(key for key in generator if key not in ("selector", "values", "template", *_KINDS))
            raise NotGenerated(
                f"the generator {', '.join(other) or '(none)'} needs what is not in the repository"
            )
        settings = generator[kinds[0]]
        if known:
            settings = self._fill(settings, known)
        found = getattr(self, f"_{kinds[0]}")(settings, depth)
        found = [each for each in found if _selected(generator.get("selector"), each)]
        if len(found) > MAX_PARAMETERS:
            raise NotGenerated(f"the generator gives more than {MAX_PARAMETERS} sets of parameters")
        return found

    def _list(self, settings: Any, depth: int) -> list[Parameters]:
        elements = settings.get("elements")
        found = list(elements) if type(elements) is list else []
        if type(settings.get("elementsYaml")) is str:
            text = settings["elementsYaml"]
            documents = load_stream(text.encode("utf-8", "surrogatepass"), "")
            body = documents[0].body if documents else None
            if type(body) is not list:
                raise NotGenerated("elementsYaml is no YAML list")
            found += body
        return [self._shaped(each) for each in found if type(each) is dict]

    def _git(self, settings: Any, depth: int) -> list[Parameters]:
        repository = settings.get("repoURL")
        if type(repository) is str and not self._is_local(repository):
            raise NotGenerated(f"the git generator reads another repository, {repository}")
        prefix = settings.get("pathParamPrefix")
        prefix = prefix if type(prefix) is str else ""
        if type(settings.get("directories")) is list:
            found = [self._of_path(path, prefix) for path in self._directories(settings["directories"])]
        elif type(settings.get("files")) is list:
            found = [*self._files(settings["files"], prefix)]
        else:
            raise NotGenerated("the git generator names neither directories nor files")
        return [self._with_values(settings, each) for each in found]

    def _matrix(self, settings: Any, depth: int) -> list[Parameters]:
        children = settings.get("generators")
        if type(children) is not list or len(children) != 2:
            raise NotGenerated("a matrix needs two generators")
        found: list[Parameters] = []
        for first in self.parameters(children[0], depth=depth + 1):
            for second in self.parameters(children[1], first, depth + 1):
                found.append(_deep(first, second))
                if len(found) > MAX_PARAMETERS:
                    raise NotGenerated(f"the matrix gives more than {MAX_PARAMETERS} sets of parameters")
        return found

    def _merge(self, settings: Any, depth: int) -> list[Parameters]:
        children, keys = settings.get("generators"), settings.get("mergeKeys")
        if type(children) is not list or type(keys) is not list or not children or not keys:
            raise NotGenerated("a merge needs generators and mergeKeys")
        base = self.parameters(children[0], depth=depth + 1)
        for child in children[1:]:
            others = {_keyed(each, keys): each for each in self.parameters(child, depth=depth + 1)}
            base = [_deep(each, others.get(_keyed(each, keys), {})) for each in base]
        return base

    def _directories(self, rules: Sequence[Any]) -> list[str]:
        """Folders that the rules name; a folder with a leading dot is never one."""
        folders: set[str] = set()
        for path in self._checkout.files:
            folder = posixpath.dirname(path)
            while folder and folder not in folders:
                folders.add(folder)
                folder = posixpath.dirname(folder)
        visible = sorted(each for each in folders if not re.search(r"(^|/)\.", each))
        return [*_chosen(visible, rules, within)]

    def _files(self, rules: Sequence[Any], prefix: str) -> Iterator[Parameters]:
        for path in _chosen(self._checkout.files, rules, across):
            try:
                documents = self._checkout.parsed(path).documents
            except Unreadable as error:
                raise NotGenerated(f"{path}: {error.what}") from error
            for document in documents:
                if document.problem:
                    raise NotGenerated(f"{path}: {document.problem.what}")
                for body in document.body if isinstance(document.body, list) else [document.body]:
                    if type(body) is dict:
                        of_path = self._of_path(posixpath.dirname(path), prefix, posixpath.basename(path))
                        yield _deep(self._shaped(body), of_path)

    def _of_path(self, folder: str, prefix: str, filename: str = "") -> Parameters:
        """``path`` and its parts, in the dialect's own form."""
        basename, normalize = posixpath.basename(folder), FUNCTIONS["normalize"]
        parts: Parameters = {"basename": basename, "basenameNormalized": normalize(basename)}
        if filename:
            parts |= {"filename": filename, "filenameNormalized": normalize(filename)}
        segments = folder.split("/")
        if self._nested:
            nested = {"path": {**parts, "path": folder, "segments": segments}}
            return {prefix: nested} if prefix else nested
        name = f"{prefix}.path" if prefix else "path"
        flat = {f"{name}.{key}": value for key, value in parts.items()}
        return {name: folder, **flat, **{f"{name}[{at}]": each for at, each in enumerate(segments)}}

    def _shaped(self, body: Parameters) -> Parameters:
        """Parameters as the dialect sees them: whole, or flat with dotted names."""
        return body if self._nested else dict(_flat(body, ""))

    def _with_values(self, settings: Any, found: Parameters) -> Parameters:
        values = settings.get("values")
        if type(values) is not dict:
            return found
        filled = self._fill(values, found)
        return _deep(found, self._shaped({"values": filled}))


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if type(value) is dict:
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else key)
    elif type(value) is list:
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{prefix}[{index}]")
    else:
        yield prefix, value


def _deep(base: Parameters, over: Parameters) -> Parameters:
    """Both maps as one, ``over`` winning, maps inside merged too."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _deep(old, value) if type(old) is dict and type(value) is dict else value
    return merged


def _keyed(parameters: Parameters, keys: Iterable[Any]) -> tuple[str, ...]:
    flat = dict(_flat(parameters, ""))
    return tuple(str(flat.get(str(key))) for key in keys)


def _chosen(
    paths: Iterable[str], rules: Sequence[Any], matcher: Callable[[str], re.Pattern[str]]
) -> Iterator[str]:
    """Paths that some rule includes and none excludes."""
    wanted: list[re.Pattern[str]] = []
    unwanted: list[re.Pattern[str]] = []
    for rule in rules:
        if type(rule) is dict and type(rule.get("path")) is str:
            try:
                (unwanted if rule.get("exclude") is True else wanted).append(matcher(rule["path"].strip("/")))
            except GlobError as error:
                raise NotGenerated(str(error)) from error
    for path in paths:
        if any(each.fullmatch(path) for each in wanted) and not any(
            each.fullmatch(path) for each in unwanted
        ):
            yield path


def _selected(selector: Any, parameters: Parameters) -> bool:
    """Whether a generator's ``selector`` takes the parameters."""
    if type(selector) is not dict:
        return True
    flat = {key: str(value) for key, value in _flat(parameters, "")}
    labels = selector.get("matchLabels")
    if type(labels) is dict and any(flat.get(key) != str(value) for key, value in labels.items()):
        return False
    expressions = selector.get("matchExpressions")
    return all(_expression(each, flat) for each in expressions) if type(expressions) is list else True


def _expression(expression: Any, flat: dict[str, str]) -> bool:
    if type(expression) is not dict:
        return False
    key, values = str(expression.get("key")), expression.get("values")
    listed = [str(each) for each in values] if type(values) is list else []
    tests = {
        "In": flat.get(key) in listed,
        "NotIn": flat.get(key) not in listed,
        "Exists": key in flat,
        "DoesNotExist": key not in flat,
    }
    return tests.get(str(expression.get("operator")), False)
