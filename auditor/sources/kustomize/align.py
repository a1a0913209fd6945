"""The same place in two versions of an object: as rendered, and as a base or a patch writes it."""

from __future__ import annotations

from typing import Any, Final

from auditor.model import Path

MERGE_KEYS: Final = (
    "name",
    "containerPort",
    "mountPath",
    "devicePath",
    "key",
    "topologyKey",
    "port",
    "ip",
    "type",
)
"""Keys by which Kubernetes and kustomize tell list elements apart, the usual one first."""

MISSING: Final = object()
"""What :func:`value_at` gives where a path leads nowhere."""


def value_at(body: Any, path: Path) -> Any:
    """The value at ``path``, or :data:`MISSING`."""
    for step in path:
        if type(step) is int:
            if type(body) is not list or not 0 <= step < len(body):
                return MISSING
            body = body[step]
        else:
            if type(body) is not dict or step not in body:
                return MISSING
            body = body[step]
    return body


def existing(body: Any, path: Path) -> Path:
    """The longest part of ``path`` that exists in ``body``."""
    for length in range(len(path) + 1):
        if value_at(body, path[:length]) is MISSING:
            return path[: length - 1]
    return path


def align(path: Path, here: Any, there: Any) -> Path:
    """The longest path in ``there`` that means the same as the beginning of ``path`` does in ``here``.

    List elements correspond by their merge key, else by content, else by position in lists of one length.
    """
    found: list[str | int] = []
    for step in path:
        if type(step) is int:
            at = counterpart(here, step, there)
            if at is None:
                break
            found.append(at)
            here, there = here[step], there[at]
        else:
            if type(here) is not dict or step not in here or type(there) is not dict or step not in there:
                break
            found.append(step)
            here, there = here[step], there[step]
    return tuple(found)


def counterpart(here: Any, index: int, there: Any) -> int | None:
    """Where the element ``here[index]`` stands in the list ``there``."""
    if type(here) is not list or type(there) is not list or not 0 <= index < len(here):
        return None
    item = here[index]
    if type(item) is dict:
        by_key = _by_merge_key(item, there)
        if by_key is not None:
            return by_key
    equal = [at for at, other in enumerate(there) if other == item]
    if equal:
        return index if index in equal else equal[0]
    return index if len(here) == len(there) and _same_slot(here, index, there) else None


def _same_slot(here: list[Any], index: int, there: list[Any]) -> bool:
    """Whether two unlike elements at one index are one element that was changed, and not two that moved."""
    item, other = here[index], there[index]
    if type(item) is not type(other) or type(item) not in (dict, list):
        return False
    if type(item) is list:
        return True
    key = next((key for key in MERGE_KEYS if key in item and key in other), None)
    if key is None:
        return True
    return all(type(each) is not dict or each.get(key) != other[key] for each in here)


def _by_merge_key(item: dict[str, Any], there: list[Any]) -> int | None:
    for key in MERGE_KEYS:
        if type(item.get(key)) not in (str, int):
            continue
        same = [at for at, other in enumerate(there) if type(other) is dict and other.get(key) == item[key]]
        if len(same) == 1:
            return same[0]
        if same:
            return max(same, key=lambda at: sum(there[at].get(name) == item[name] for name in item))
    return None
