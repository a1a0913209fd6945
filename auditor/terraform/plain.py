"""From the values of the evaluator to plain data that keeps nothing of the evaluator alive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from auditor.terraform.errors import BudgetExceeded, EvaluationError
from auditor.terraform.limits import Budget
from auditor.terraform.source import AttributeNode, BlockNode
from auditor.terraform.unknowns import APPLY_FIRST, TfCall, TfEncoded, TfReference, TfTemplate
from auditor.unknown import Unknown, UnknownUsed


class Plain:
    """Copies values; sets become lists, whole resources become references to them."""

    __slots__ = ("budget",)

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def guarded(self, compute: Callable[[], object], where: BlockNode | AttributeNode) -> object:
        """The copy of a computed value, or an unknown that says why there is none."""
        try:
            return self.value(compute())
        except (EvaluationError, BudgetExceeded) as error:
            return Unknown(f"{error} ({where.source.path}:{where.line()})", APPLY_FIRST)
        except UnknownUsed as used:
            return Unknown(used.unknown.reason, used.unknown.repair)
        except RecursionError:
            return Unknown(f"value is nested too deeply ({where.source.path}:{where.line()})", APPLY_FIRST)

    def body(self, values: Mapping[str, object], block: BlockNode) -> dict[str, object]:
        """A body, each argument guarded by itself."""
        return {name: self.guarded(partial(values.__getitem__, name), block) for name in values}

    def value(self, value: object) -> object:
        """Raises BudgetExceeded where the copy would be too large."""
        self.budget.spend(1)
        if isinstance(value, Unknown):
            return self._unknown(value)
        if isinstance(value, dict):
            return {str(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if value is None or isinstance(value, (str, bool, int, float)):
            return value
        return Unknown("this is a namespace, not a value")

    def _unknown(self, value: Unknown) -> Unknown:
        if isinstance(value, TfTemplate):
            return TfTemplate(
                [part if isinstance(part, str) else self._unknown(part) for part in value.parts]
            )
        if isinstance(value, TfEncoded):
            return TfEncoded(self.value(value.value), value)
        if isinstance(value, TfCall):
            return TfCall(value.function, [self.value(arg) for arg in value.args], value)
        if isinstance(value, TfReference) and type(value) is not TfReference:
            return TfReference(value.target, value.attribute, value.reason, value.repair)
        return value
