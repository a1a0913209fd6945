"""CEL, the Common Expression Language, compiled to Python.

``compile_expr('pod.hostNetwork == true')({'pod': {...}})`` gives a Python value or an ``Unknown``. The language
and its functions are described in ``docs/cel.md``.
"""

from __future__ import annotations

from auditor.cel.errors import CelError, CelSyntaxError
from auditor.cel.lint import UnguardedField, unguarded_fields
from auditor.cel.program import Program, compile_expr

__all__ = ["CelError", "CelSyntaxError", "Program", "UnguardedField", "compile_expr", "unguarded_fields"]
