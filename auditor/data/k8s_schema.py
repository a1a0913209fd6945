"""Is a manifest of a built-in kind shaped as the API server wants it: fields, types, required fields?

The table (``tools/data/generate_k8s_schema.py``) merges the OpenAPI definitions of several releases and
accepts what any of them accepts. A null counts as absent, as it does for the API server; an Unknown fits
everywhere. ``status`` is not looked into. Values are not judged (a port of 99999 is an integer).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from msgspec import Struct

from auditor.data._tables import nearest, table
from auditor.patterns import regex
from auditor.unknown import Unknown

MAX_PROBLEMS = 100

# https://github.com/kubernetes/apimachinery/blob/master/pkg/api/resource/quantity.go
_QUANTITY = regex(r"[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")


class SchemaProblem(Struct, frozen=True):
    """``path`` holds map keys and list indexes from the top of the object.

    ``kind``: unknown-field, missing-field, wrong-type or limit (the last row of a list that was cut short, or
    an object nested too deeply). ``suggestion`` is the nearest right name of an unknown field, or ''.
    """

    path: tuple[str | int, ...]
    what: str
    suggestion: str
    kind: str


# A place while walking: (place of the parent, key), so that a path is only spelled out for a problem.
Place = tuple[Any, Any] | None
Check = Callable[[Any, Place, list[SchemaProblem]], None]


def has_schema(api_version: Any, kind: Any) -> bool:
    return _kind_code(api_version, kind) is not None


def schema_releases() -> tuple[str, str]:
    """Oldest and newest Kubernetes minor that the schemas cover."""
    oldest, newest = table("k8s_schema.json")["releases"]
    return oldest, newest


def structural_problems(api_version: Any, kind: Any, body: Any) -> list[SchemaProblem]:
    """What the API server would refuse or drop, in document order; empty for kinds without a schema.

    At most :data:`MAX_PROBLEMS` rows and a last one that says that there are more.
    """
    code = _kind_code(api_version, kind)
    if code is None:
        return []
    found: list[SchemaProblem] = []
    try:
        _check(code)(body, None, found)
    except _Enough:
        found.append(
            SchemaProblem((), f"more than {MAX_PROBLEMS} problems: the rest is not listed", "", "limit")
        )
    except RecursionError:
        found.append(SchemaProblem((), "nested too deeply to be checked", "", "limit"))
    return found


class _Enough(Exception):
    pass


def _kind_code(api_version: Any, kind: Any) -> str | None:
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return None
    name = table("k8s_schema.json")["kinds"].get(f"{api_version} {kind}")
    return None if name is None else f"={name}"


@cache
def _check(code: str) -> Check:
    """The check for a type code; definitions are compiled when first met, so recursion ends."""
    if code.startswith("="):
        return _object_check(code[1:])
    if code.startswith("["):
        return _list_check(code[1:])
    if code.startswith("{"):
        return _map_check(code[1:])
    return _SCALARS[code]


def _object_check(name: str) -> Check:
    definition = table("k8s_schema.json")["definitions"][name]
    codes: dict[str, str] = definition["fields"]
    required: list[str] = definition.get("required", [])
    plain = {field: _EXACT[code] for field, code in codes.items() if code in _EXACT}
    checks: dict[str, Check] = {}

    def check(value: Any, place: Place, found: list[SchemaProblem]) -> None:
        if not isinstance(value, dict):
            return _mismatch(value, "an object", place, found)
        for key, item in value.items():
            if type(item) is plain.get(key) or item is None:
                if key not in codes:
                    _unknown_field(key, codes, place, found)
                continue
            inner = checks.get(key)
            if inner is None:
                if key not in codes:
                    _unknown_field(key, codes, place, found)
                    continue
                inner = checks[key] = _check(codes[key])
            inner(item, (place, key), found)
        for field in required:
            if value.get(field) is None:
                _add(SchemaProblem(_path(place), f"{field} is missing", field, "missing-field"), found)
        return None

    return check


def _list_check(code: str) -> Check:
    exact = _EXACT.get(code)
    inner = _check(code)

    def check(value: Any, place: Place, found: list[SchemaProblem]) -> None:
        if not isinstance(value, list):
            return _mismatch(value, "a list", place, found)
        for index, item in enumerate(value):
            if type(item) is not exact and item is not None:
                inner(item, (place, index), found)
        return None

    return check


def _map_check(code: str) -> Check:
    exact = _EXACT.get(code)
    inner = _check(code)

    def check(value: Any, place: Place, found: list[SchemaProblem]) -> None:
        if not isinstance(value, dict):
            return _mismatch(value, "a map", place, found)
        for key, item in value.items():
            if type(item) is not exact and item is not None:
                inner(item, (place, key), found)
        return None

    return check


def _scalar(expected: str, fits: Callable[[Any], bool]) -> Check:
    # A value where a string belongs may be a secret (env values, Secret data): it is never repeated.
    show = expected != "a string"

    def check(value: Any, place: Place, found: list[SchemaProblem]) -> None:
        if not fits(value):
            _mismatch(value, expected, place, found, show)

    return check


def _is_whole(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()  # YAML's 1.0 reaches the API server as 1
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_quantity(value: Any) -> bool:
    return _QUANTITY.fullmatch(value) is not None if isinstance(value, str) else _is_number(value)


_EXACT: dict[str, type] = {"s": str, "i": int, "b": bool}
_SCALARS: dict[str, Check] = {
    "s": _scalar("a string", lambda value: isinstance(value, str)),
    "i": _scalar("a whole number", _is_whole),
    "n": _scalar("a number", _is_number),
    "b": _scalar("a boolean", lambda value: isinstance(value, bool)),
    "q": _scalar("a quantity such as 500m or 2Gi", _is_quantity),
    "x": _scalar("a whole number or a string", lambda value: isinstance(value, str) or _is_whole(value)),
    "o": _scalar("an object", lambda value: isinstance(value, dict)),
    "*": _scalar("anything", lambda value: True),
}


def _mismatch(
    value: Any, expected: str, place: Place, found: list[SchemaProblem], show: bool = False
) -> None:
    if not isinstance(value, Unknown):
        path = _path(place)
        name = path[-1] if path else "the object"
        _add(SchemaProblem(path, f"{name} is {_shown(value, show)}, not {expected}", "", "wrong-type"), found)


def _shown(value: Any, show: bool) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}" if show else "a boolean"
    if isinstance(value, str):
        return f"the string {value[:60]!r}" if show else "a string"
    if _is_number(value):
        return f"the number {value}" if show else "a number"
    return type(value).__name__


def _unknown_field(key: Any, codes: dict[str, str], place: Place, found: list[SchemaProblem]) -> None:
    meant = nearest(str(key), list(codes)) or ""
    _add(SchemaProblem((*_path(place), key), f"there is no field {key} here", meant, "unknown-field"), found)


def _add(problem: SchemaProblem, found: list[SchemaProblem]) -> None:
    if len(found) >= MAX_PROBLEMS:
        raise _Enough
    found.append(problem)


def _path(place: Place) -> tuple[str | int, ...]:
    keys = []
    while place is not None:
        place, key = place
        keys.append(key)
    return tuple(reversed(keys))
