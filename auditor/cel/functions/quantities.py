"""quantity(): amounts of Kubernetes resources."""

from __future__ import annotations

from typing import Any, ClassVar

from auditor import quantity as kubernetes
from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import text
from auditor.cel.operators import INT_MAX, INT_MIN, to_int
from auditor.cel.values import Value, refuse


class Quantity(Value):
    """An exact amount."""

    __slots__ = ("amount",)
    type_name = "kubernetes.Quantity"

    def __init__(self, amount: kubernetes.Quantity) -> None:
        self.amount = amount

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and other.amount == self.amount

    def __hash__(self) -> int:
        return hash(self.amount)

    def text(self) -> str:
        return str(self.amount)

    def compare(self, other: Any) -> int:
        if not isinstance(other, Quantity):
            return refuse("compareTo", self, other)
        return (self.amount > other.amount) - (self.amount < other.amount)

    def added(self, other: Any, sign: int) -> Quantity:
        if type(other) is int:
            other = Quantity(kubernetes.Quantity.parse(other))
        if not isinstance(other, Quantity):
            return refuse("add" if sign > 0 else "sub", self, other)
        return Quantity(self.amount + other.amount if sign > 0 else self.amount - other.amount)

    def is_integer(self) -> bool:
        return self.amount.value.denominator == 1 and INT_MIN <= self.amount.value <= INT_MAX

    def as_integer(self) -> int:
        if self.amount.value.denominator != 1:
            raise CelError(f"asInteger(): {self.amount} is not a whole number")
        return to_int(self.amount.value.numerator)

    def as_float(self) -> float:
        try:
            return float(self.amount.value)
        except OverflowError:
            raise CelError(f"asApproximateFloat(): {self.amount} is out of range") from None

    methods: ClassVar[dict[str, Any]] = {
        "isInteger": is_integer,
        "asInteger": as_integer,
        "asApproximateFloat": as_float,
        "sign": lambda q: (q.amount.value > 0) - (q.amount.value < 0),
        "add": lambda q, other: q.added(other, 1),
        "sub": lambda q, other: q.added(other, -1),
        "compareTo": compare,
        "isLessThan": lambda q, other: q.compare(other) < 0,
        "isGreaterThan": lambda q, other: q.compare(other) > 0,
    }


def quantity(value: Any) -> Quantity:
    """From text, or from a number as manifests hold them (``cpu: 2``)."""
    if type(value) is Quantity:
        return value
    if type(value) not in (str, int, float):
        return refuse("quantity", value)
    try:
        return Quantity(kubernetes.Quantity.parse(value))
    except kubernetes.QuantityError as error:
        raise CelError(str(error)) from None


def is_quantity(value: Any) -> bool:
    try:
        kubernetes.parse_quantity(text("isQuantity", value))
    except kubernetes.QuantityError:
        return False
    return True
