"""CEL, the Common Expression Language, compiled to Python.

``compile_expr('pod.hostNetwork == true')({'pod': {...}})`` gives a Python value or an ``Unknown``.
The language and its functions are described in ``docs/cel.md``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from auditor.cel.errors import CelError, CelSyntaxError
from auditor.cel.program import Program, compile_expr

if TYPE_CHECKING:
    from auditor.cel.lint import UnguardedField

__all__ = ["CelError", "CelSyntaxError", "Program", "compile_expr", "unguarded_fields"]


def unguarded_fields(source: str, *, always: Collection[str] = ()) -> list[UnguardedField]:
    """Field reads that fail when the field is absent: see :func:`auditor.cel.lint.unguarded_fields`."""
    from auditor.cel.lint import unguarded_fields as find

    return find(source, always=always)
