"""Bounds that keep a hostile Terraform tree from costing more than a tree of its size may cost."""

from __future__ import annotations

from msgspec import Struct

from auditor.terraform.errors import BudgetExceeded


class Limits(Struct, frozen=True):
    """Bounds of one :func:`auditor.terraform.load_root` call.

    ``work`` is a budget of elementary steps (one collection element or 16 characters each) for the whole
    root; a million steps take about a second.
    """

    instances: int = 1_000
    total_instances: int = 20_000
    module_depth: int = 20
    file_bytes: int = 4 << 20
    string: int = 1 << 20
    work: int = 1_500_000


class Budget:
    """What is left of the work that one root may cost."""

    __slots__ = ("left", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.work

    def spend(self, steps: int) -> None:
        """Pay for ``steps`` elementary steps; raises :class:`BudgetExceeded` when nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise BudgetExceeded("the expressions of this root are too large to evaluate")

    def string(self, length: int, added: int | None = None) -> None:
        """Pay for a string of ``length`` characters before it is built, or for what is ``added`` to it."""
        if length > self.limits.string:
            raise BudgetExceeded(f"a string would be longer than {self.limits.string} characters")
        self.spend(1 + ((length if added is None else added) >> 4))
