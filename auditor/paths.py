"""The one path grammar: ``select``, ``at``, fix operations and the identity of findings all speak it.

    spec.template.spec.containers[name=worker].resources.limits["nvidia.com/gpu"]

A step is a key (``name`` or ``["any.key"]``) or a list step: ``[*]`` every element, ``[name=worker]`` the
element with that merge key, ``[a=b,c=d]`` with several, ``[="text"]`` the scalar itself, ``[#1a2b3c4d]`` an
element without a merge key by the digest of its content (``~2`` for the second identical one), ``[]`` (fix
operations only) a new element at the end. There are no indices: they would change meaning with every
insertion.

An :class:`~auditor.unknown.Unknown` on the way stands for all that is below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, Literal

from msgspec import Struct

from auditor.patterns import regex
from auditor.unknown import Unknown

Path = tuple[str | int, ...]

MERGE_KEYS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "addresses": (("type",),),
    "conditions": (("type",),),
    "hostAliases": (("ip",),),
    "hostIPs": (("ip",),),
    "ownerReferences": (("uid",),),
    "podIPs": (("ip",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "reservedFor": (("uid",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "volumeClaimTemplates": (("metadata.name",),),
    "volumeDevices": (("devicePath",),),
    "volumeMounts": (("mountPath",),),
}
"""Keys that tell the elements of a list apart, where it is not ``name`` (Kubernetes' OpenAPI:
x-kubernetes-patch-merge-key and x-kubernetes-list-map-keys; a StatefulSet's claim templates are atomic
there, but bear names)."""

ATOMIC: Final = frozenset({"args", "command", "envFrom", "rules", "tolerations"})
"""Lists without a merge key, whose elements may have a field that looks like one."""

_COMMON_KEYS: Final = (("name",), ("id",), ("sid",))


class PathSyntaxError(ValueError):
    """A text that is no path; ``column`` counts from 1."""

    def __init__(self, text: str, column: int, what: str) -> None:
        super().__init__(f"{what} at column {column} of path {text!r}")
        self.column = column


class Step(Struct, frozen=True):
    """One step. ``key`` goes into a map, the other kinds into a list.

    ``key`` is the map's key, the scalar or the digest; ``match`` the keys and values of an element; ``nth``
    counts identical elements from 1.
    """

    kind: Literal["key", "all", "match", "scalar", "digest", "append"]
    key: str = ""
    match: tuple[tuple[str, str], ...] = ()
    nth: int = 1


class PathPattern(Struct, frozen=True):
    """A parsed path. ``appends``: it ends in ``[]``."""

    text: str
    steps: tuple[Step, ...]

    @property
    def appends(self) -> bool:
        """Whether it names a new element of a list rather than something that exists."""
        return bool(self.steps) and self.steps[-1].kind == "append"


_KEY: Final = regex(r"[A-Za-z0-9_$/-]+")
_QUOTED: Final = regex(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_DIGEST: Final = regex(r"#([0-9a-f]{8})(?:~([0-9]+))?\]")
_PAIR: Final = regex(r'([A-Za-z0-9_./-]+)=("(?:[^"\\]|\\.)*+"|[^\],"\\]+)', re.DOTALL)


@lru_cache(maxsize=4096)
def parse(text: str) -> PathPattern:
    """Read a path. The empty text is the body itself. Raises :class:`PathSyntaxError`."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        if text[at] == "[":
            step, at = _bracket(text, at)
        else:
            if steps:
                if text[at] != ".":
                    raise PathSyntaxError(text, at + 1, "'.' or '[' was expected")
                at += 1
            found = _KEY.match(text, at)
            if found is None:
                raise PathSyntaxError(text, at + 1, "a key was expected")
            step, at = Step("key", found.group()), found.end()
        steps.append(step)
    if any(step.kind == "append" for step in steps[:-1]):
        raise PathSyntaxError(text, text.index("[]") + 1, "[] can only be the last step, but stands")
    return PathPattern(text, tuple(steps))


def _bracket(text: str, at: int) -> tuple[Step, int]:
    inside = at + 1
    for literal, kind in (("*]", "all"), ("]", "append")):
        if text.startswith(literal, inside):
            return Step(kind), inside + len(literal)  # type: ignore[arg-type]
    if text.startswith("#", inside):
        digest = _DIGEST.match(text, inside)
        if digest is None:
            raise PathSyntaxError(text, inside + 1, "a digest of 8 hexadecimal digits was expected")
        return Step("digest", digest.group(1), nth=int(digest.group(2) or 1)), digest.end()
    scalar = text.startswith("=", inside)
    quoted = _QUOTED.match(text, inside + scalar)
    if quoted is not None and text.startswith("]", quoted.end()):
        return Step("scalar" if scalar else "key", _unescape(quoted.group(1))), quoted.end() + 1
    return _pairs(text, inside)


def _pairs(text: str, at: int) -> tuple[Step, int]:
    pairs: list[tuple[str, str]] = []
    while True:
        found = _PAIR.match(text, at)
        if found is None:
            raise PathSyntaxError(text, at + 1, '*, key=value, ="text", "key" or #digest was expected')
        value = found.group(2)
        pairs.append((found.group(1), _unescape(value[1:-1]) if value.startswith('"') else value))
        at = found.end()
        if text.startswith("]", at):
            return Step("match", match=tuple(pairs)), at + 1
        if not text.startswith(",", at):
            raise PathSyntaxError(text, at + 1, "] was expected")
        at += 1


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def get(body: Any, path: Path, missing: Any = None) -> Any:
    """The value at a concrete path; ``missing`` where a step does not exist; an unknown met on the way."""
    for step in path:
        if type(body) is dict:
            body = body.get(step, _GONE)
        elif type(body) is list and type(step) is int and 0 <= step < len(body):
            body = body[step]
        elif isinstance(body, Unknown):
            return body
        else:
            return missing
        if body is _GONE:
            return missing
    return body


_GONE: Final[Any] = object()


def expand(pattern: PathPattern, body: Any) -> list[Path]:
    """Concrete paths that a pattern means in ``body``.

    Keys that do not exist are kept as they are, so that a place can be named before it exists; list steps
    give only elements that exist, and of an unknown list the list itself. A final ``[]`` gives the path of
    the list.
    """
    return [path for path, _ in _expanded(pattern, body)]


def nodes(pattern: PathPattern, body: Any) -> list[tuple[Path, Any]]:
    """What a pattern means in ``body`` as far as it exists: each concrete path with its value."""
    return [pair for pair in _expanded(pattern, body) if pair[1] is not _GONE]


def _expanded(pattern: PathPattern, body: Any) -> list[tuple[Path, Any]]:
    found: list[tuple[Path, Any]] = [((), body)]
    for step in pattern.steps:
        if step.kind == "append":
            break
        found = [pair for path, value in found for pair in _take(step, path, value)]
    return found


def _take(step: Step, path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if step.kind == "key":
        inner = value.get(step.key, _GONE) if type(value) is dict else _GONE
        yield (*path, step.key), value if isinstance(value, Unknown) else inner
    elif isinstance(value, Unknown):
        yield path, value
    elif type(value) is list:
        for index, element in _elements(step, value):
            yield (*path, index), element


def _elements(step: Step, listed: list[Any]) -> Iterator[tuple[int, Any]]:
    if step.kind == "digest":
        same = [(i, e) for i, e in enumerate(listed) if digest_of(e) == step.key]
        yield from same[step.nth - 1 : step.nth]
        return
    for index, element in enumerate(listed):
        if step.kind == "all" or _is(step, element):
            yield index, element


def _is(step: Step, element: Any) -> bool:
    if step.kind == "scalar":
        return type(element) not in (dict, list) and _text(element) == step.key
    return all(_text(get(element, tuple(key.split(".")), _GONE)) == value for key, value in step.match)


def _text(value: Any) -> str | None:
    """A scalar as paths write it; None for what is no scalar (or unknown)."""
    if value is True or value is False:
        return "true" if value else "false"
    return str(value) if type(value) in (str, int, float) else None


def digest_of(value: Any) -> str:
    """8 hexadecimal digits of the content, whatever the order of keys; unknowns count by their reason."""
    import json

    import xxhash

    data = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_reason)
    return xxhash.xxh3_64_hexdigest(data.encode())[:8]


def _reason(unknown: Unknown) -> str:
    return f"unknown: {unknown.reason}"


def render(body: Any, path: Path) -> str:
    """The grammar text of a concrete path; list elements by merge key or content."""
    parts: list[str] = []
    field = ""
    for step in path:
        if type(step) is str:
            plain = _KEY.fullmatch(step) is not None
            parts.append(("." if parts else "") + step if plain else f"[{_quote(step)}]")
            field = step
            body = body.get(step, _GONE) if type(body) is dict else _GONE
        else:
            parts.append(_element_text(field, body, step))  # type: ignore[arg-type]
            body = get(body, (step,), _GONE)
    return "".join(parts)


def _element_text(field: str, listed: Any, index: int) -> str:
    if type(listed) is not list or index >= len(listed):
        return "[]"
    element, lookup = listed[index], _lookup(listed)
    if type(element) is not dict:
        text = _text(element)
        if text is not None and lookup.counts(()).get((text,)) == 1:
            return f"[={_quote(text)}]"
    else:
        for keys in _candidates(field, element):
            values = _values(element, keys)
            if lookup.counts(keys).get(values) == 1:
                pairs = zip(keys, values, strict=True)
                return "[" + ",".join(f"{key}={_value(value or '')}" for key, value in pairs) + "]"
    digest, nth = lookup.digests()[index]
    return f"[#{digest}~{nth}]" if nth > 1 else f"[#{digest}]"


def _values(element: Any, keys: tuple[str, ...]) -> tuple[str | None, ...]:
    """What an element has under these keys; of a scalar, asked for none, the scalar itself."""
    if not keys:
        return (None if type(element) in (dict, list) else _text(element),)
    return tuple(_text(get(element, tuple(key.split(".")), _GONE)) for key in keys)


class _Lookup:
    """How often the elements of one list have the same keys: a scan for each of them would grow with the square."""

    __slots__ = ("_counts", "_digests", "listed", "size")

    def __init__(self, listed: list[Any]) -> None:
        self.listed, self.size = listed, len(listed)
        self._counts: dict[tuple[str, ...], dict[tuple[str | None, ...], int]] = {}
        self._digests: list[tuple[str, int]] | None = None

    def counts(self, keys: tuple[str, ...]) -> dict[tuple[str | None, ...], int]:
        """Values under the keys → how many elements have them."""
        found = self._counts.get(keys)
        if found is None:
            found = self._counts[keys] = {}
            for element in self.listed:
                values = _values(element, keys)
                found[values] = found.get(values, 0) + 1
        return found

    def digests(self) -> list[tuple[str, int]]:
        """The digest of every element, and which of the identical ones it is, from 1."""
        if self._digests is None:
            self._digests, seen = [], dict[str, int]()
            for digest in map(digest_of, self.listed):
                seen[digest] = seen.get(digest, 0) + 1
                self._digests.append((digest, seen[digest]))
        return self._digests


_LONG: Final = 16
_recent: Final[list[_Lookup]] = []
"""Of the long lists rendered last: findings come list by list."""
_KEPT: Final = 8


def _lookup(listed: list[Any]) -> _Lookup:
    if len(listed) < _LONG:
        return _Lookup(listed)
    for each in _recent:
        if each.listed is listed and each.size == len(listed):
            return each
    made = _Lookup(listed)
    _recent.insert(0, made)
    del _recent[_KEPT:]
    return made


def _value(text: str) -> str:
    return text if re.fullmatch(r"[^\],\"\\]+", text) else _quote(text)


def _candidates(field: str, element: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Sets of keys that may tell an element apart, the standard ones of its list first."""
    if field in ATOMIC:
        return
    for keys in (*MERGE_KEYS.get(field, ()), *_COMMON_KEYS):
        present = tuple(key for key in keys if _text(get(element, tuple(key.split(".")))) is not None)
        if present:
            yield present
