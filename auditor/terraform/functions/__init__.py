"""Terraform's functions. Unknown arguments spread; a function nobody knows gives an unknown with its name."""

from __future__ import annotations

from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions import (
    collections,
    encoding,
    files,
    network,
    numbers,
    strings,
    timing,
    yaml_text,
)
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.unknowns import APPLY_FIRST, TfCall
from auditor.unknown import Unknown, UnknownUsed

FUNCTIONS: dict[str, Function] = {
    **strings.FUNCTIONS,
    **collections.FUNCTIONS,
    **numbers.FUNCTIONS,
    **encoding.FUNCTIONS,
    **yaml_text.FUNCTIONS,
    **network.FUNCTIONS,
    **files.FUNCTIONS,
    **timing.FUNCTIONS,
    "sensitive": lambda ctx, value: value,
    "nonsensitive": lambda ctx, value: value,
    "ephemeralasnull": lambda ctx, value: value,
    "issensitive": lambda ctx, value: TfCall("issensitive", [value], Unknown("sensitivity is not tracked")),
}
NOT_REPEATABLE = frozenset(
    {"timestamp", "plantimestamp", "uuid", "bcrypt", "rsadecrypt", "base64gzip", "abspath"}
)


def call_function(ctx: Context, name: str, args: list[object]) -> object:
    """The result of ``name(args)``; raises EvaluationError where Terraform would refuse the call."""
    name = name.removeprefix("core::")
    if name in NOT_REPEATABLE:
        reason = f"{name}() gives another value each time or on each machine"
        return TfCall(name, args, Unknown(reason, APPLY_FIRST))
    function = FUNCTIONS.get(name)
    if function is None:
        return TfCall(name, args, Unknown(f"function {name}() is not evaluated here", APPLY_FIRST))
    try:
        return function(ctx, *args)
    except UnknownUsed as used:
        return TfCall(name, args, used.unknown)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError, ArithmeticError):
        raise EvaluationError(f"{name}() cannot take these arguments") from None
