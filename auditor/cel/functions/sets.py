"""Lists as sets."""

from __future__ import annotations

from typing import Any

from auditor.cel.functions.arguments import items
from auditor.cel.operators import contains as in_list


def contains(a: Any, b: Any) -> bool:
    """Whether every element of ``b`` is in ``a``."""
    a = items("sets.contains", a)
    return all(in_list(element, a) for element in items("sets.contains", b))


def equivalent(a: Any, b: Any) -> bool:
    forth, back = contains(a, b), contains(b, a)
    return forth and back


def intersects(a: Any, b: Any) -> bool:
    a = items("sets.intersects", a)
    return any(in_list(element, a) for element in items("sets.intersects", b))
