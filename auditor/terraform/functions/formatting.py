"""The verbs of format() and formatlist()."""

from __future__ import annotations

import re
from fractions import Fraction

from auditor.patterns import regex
from auditor.terraform.errors import EvaluationError
from auditor.terraform.expressions import join_text
from auditor.terraform.functions.encoding import json_text
from auditor.terraform.limits import Budget
from auditor.terraform.values import MAX_BITS, exact, first_unknown, flag, number, text, whole
from auditor.unknown import Unknown, UnknownUsed

VERB = regex(
    r"%(?P<flags>[ +\-0#]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?:\[(?P<index>\d+)\])?(?P<verb>.)"
)
MAX_WIDTH = 1024


def format_text(pattern: str, args: list[object], budget: Budget) -> object:
    """The pattern with its verbs filled in; a template where an argument is unknown."""
    parts: list[str | Unknown] = []
    next_arg, at, used = 0, 0, 0
    for found in VERB.finditer(pattern):
        parts.append(pattern[at : found.start()])
        at = found.end()
        if found.group("verb") == "%":
            parts.append("%")
            continue
        index = int(found.group("index")) - 1 if found.group("index") else next_arg
        next_arg = index + 1
        if not 0 <= index < len(args):
            raise EvaluationError("format() has fewer arguments than verbs")
        used = max(used, next_arg)
        parts.append(_verb(found, args[index], budget))
    if used < len(args):
        raise EvaluationError("format() has more arguments than verbs")
    parts.append(pattern[at:])
    budget.string(sum(len(part) for part in parts if isinstance(part, str)))
    return join_text(parts)


def _verb(found: re.Match[str], value: object, budget: Budget) -> str | Unknown:
    verb, flags = found.group("verb"), found.group("flags")
    width = int(found.group("width") or 0)
    if width > MAX_WIDTH or int(found.group("precision") or 0) > MAX_WIDTH:
        raise EvaluationError(f"format() pads to at most {MAX_WIDTH} characters here")
    inside = first_unknown(value, budget)
    if inside is not None:
        if verb in "sv" and not width and isinstance(value, Unknown) and found.group("precision") is None:
            return value
        raise UnknownUsed(inside)
    piece = _piece(found, verb, flags, value, budget)
    if verb == "t":
        return piece
    if "-" in flags:
        return piece.ljust(width)
    if "0" in flags:
        return piece.zfill(width) if verb in "dfFeEgGbxXo" else piece.rjust(width, "0")
    return piece.rjust(width)


def _piece(found: re.Match[str], verb: str, flags: str, value: object, budget: Budget) -> str:
    precision = found.group("precision")
    if verb == "s":
        source = text(value)
        return source if precision is None else source[: int(precision or 0)]
    if verb == "v":
        return _plain(value, "#" in flags, budget)
    if verb == "q":
        return json_text(text(value), budget)
    if verb == "t":
        return "true" if flag(value) else "false"
    amount = number(value)
    if "#" in flags or (verb in "gGeE" and not 1e-4 <= abs(amount) < 1e6) or (verb in "gG" and precision):
        raise UnknownUsed(Unknown(f"this use of %{verb} in format() is not evaluated here"))
    sign = "+" if "+" in flags and amount >= 0 else " " if " " in flags and amount >= 0 else ""
    if verb in "dbxXo":
        return sign + format(whole(amount), verb)
    if verb in "fF":
        return sign + _fixed(binary(exact(amount)), int(precision) if precision else 6)
    if verb in "eE":
        return sign + format(float(amount), f".{int(precision) if precision else 6}{verb}")
    if verb in "gG":
        return sign + text(amount)
    raise EvaluationError(f"format() has no verb %{verb}")


def binary(value: Fraction) -> Fraction:
    """The nearest number of 512 binary digits, which is what Terraform computes with."""
    if value == 0:
        return value
    shift = MAX_BITS - (abs(value.numerator).bit_length() - value.denominator.bit_length())
    scale = Fraction(2) ** shift
    return Fraction(round(value * scale)) / scale


def _fixed(value: Fraction, digits: int) -> str:
    """Decimal notation with ``digits`` digits after the point."""
    scaled = round(abs(value) * 10**digits)
    shown = str(scaled).rjust(digits + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{shown[:-digits]}.{shown[-digits:]}" if digits else shown)


def _plain(value: object, quoted: bool, budget: Budget) -> str:
    if value is None:
        return "null"
    if isinstance(value, (dict, list)) or quoted:
        return json_text(value, budget)
    return text(value)
