"""What can go wrong between the text of a file and a value."""

from __future__ import annotations


class HclSyntaxError(Exception):
    """Text that is not HCL; ``at`` is the character offset of the first thing that is wrong."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.at = at


class EvaluationError(Exception):
    """An expression that Terraform would refuse. The message holds names and types, never values."""


class BudgetExceeded(Exception):
    """The expression would cost more than the limits allow. ``try`` and ``can`` do not catch it."""
