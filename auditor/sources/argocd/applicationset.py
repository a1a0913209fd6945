"""ApplicationSets: the Applications that their generators and template give."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from auditor.patterns import regex
from auditor.sources.argocd.generators import Generators, NotGenerated, Parameters
from auditor.sources.argocd.gotemplate import render
from auditor.sources.argocd.parse import TemplateError
from auditor.sources.git import Checkout
from auditor.yamlio import load_stream

_PLACEHOLDER: Final = regex(r"\{\{\s*([^{}\s][^{}]*?)\s*\}\}")
MAX_DEPTH: Final = 60


def applications(checkout: Checkout, body: Any, is_local: Callable[[str], bool]) -> Iterator[Any]:
    """Bodies of the Applications of a set. Raises :class:`NotGenerated`, which says what cannot be evaluated."""
    spec = body.get("spec")
    spec = spec if type(spec) is dict else {}
    nested = spec.get("goTemplate") is True
    options = spec.get("goTemplateOptions")
    strict = type(options) is list and "missingkey=error" in options

    def fill(value: Any, parameters: Parameters) -> Any:
        return _filled(value, parameters, nested, strict)

    generators = Generators(checkout, fill, nested=nested, is_local=is_local)
    listed = spec.get("generators")
    for generator in listed if type(listed) is list else []:
        template = _template(spec, generator)
        for parameters in generators.parameters(generator):
            yield _application(template, spec.get("templatePatch"), parameters, fill, strict)


def _template(spec: Any, generator: Any) -> Any:
    """The set's template with the generator's own laid over it."""
    template = spec.get("template")
    kind = (
        next((value for value in generator.values() if type(value) is dict), {})
        if type(generator) is dict
        else {}
    )
    own = kind.get("template")
    return merged(template, own) if type(own) is dict else template


def _application(
    template: Any, patch: Any, parameters: Parameters, fill: Callable[[Any, Parameters], Any], strict: bool
) -> Any:
    if type(template) is not dict:
        raise NotGenerated("the set has no template")
    filled = fill(template, parameters)
    if type(patch) is str:
        try:
            text = render(patch, parameters, missing_is_error=strict)
        except TemplateError as error:
            raise NotGenerated(f"templatePatch: {error}") from error
        documents = load_stream(text.encode("utf-8", "surrogatepass"), "")
        body = documents[0].body if documents else None
        if body is not None and type(body) is not dict:
            raise NotGenerated("templatePatch gives no mapping")
        filled = merged(filled, body) if body else filled
    return {**filled, "apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}


def _filled(value: Any, parameters: Parameters, nested: bool, strict: bool, depth: int = 0) -> Any:
    """``value`` with every template expression in its keys and texts replaced."""
    if depth > MAX_DEPTH:
        raise NotGenerated("the template nests too deep")
    if type(value) is dict:
        return {
            _filled(key, parameters, nested, strict, depth + 1): _filled(
                each, parameters, nested, strict, depth + 1
            )
            for key, each in value.items()
        }
    if type(value) is list:
        return [_filled(each, parameters, nested, strict, depth + 1) for each in value]
    if type(value) is not str or "{{" not in value:
        return value
    if nested:
        try:
            return render(value, parameters, missing_is_error=strict)
        except TemplateError as error:
            raise NotGenerated(f"{value[:80]}: {error}") from error
    return _PLACEHOLDER.sub(lambda match: _plain(match, parameters), value)


def _plain(match: re.Match[str], parameters: Parameters) -> str:
    """The old dialect: a parameter by its whole name; unknown ones stay as they are."""
    if match[1] not in parameters:
        return match[0]
    value = parameters[match[1]]
    return value if type(value) is str else json.dumps(value)


def merged(base: Any, over: Any) -> Any:
    """A merge patch: maps are merged, null removes, everything else replaces."""
    if type(base) is not dict or type(over) is not dict:
        return over
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
