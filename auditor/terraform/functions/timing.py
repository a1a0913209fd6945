"""Functions on timestamps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auditor.patterns import regex
from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.values import text

RFC3339 = regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
DURATION = regex(r"[+-]?(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+\Z")
PART = regex(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def parse_time(value: object) -> datetime:
    source = text(value)
    if not RFC3339.match(source):
        raise EvaluationError("RFC 3339 timestamp required")
    return datetime.fromisoformat(source)


def timeadd(ctx: Context, value: object, duration: object) -> object:
    moment, amount = parse_time(value), text(duration)
    if not DURATION.match(amount):
        raise EvaluationError("duration such as 1h30m required")
    seconds = sum(float(count) * SECONDS[unit] for count, unit in PART.findall(amount))
    moved = moment + timedelta(seconds=-seconds if amount.startswith("-") else seconds)
    shown = moved.replace(microsecond=0).isoformat()
    return shown.replace("+00:00", "Z")


def timecmp(ctx: Context, left: object, right: object) -> object:
    first, second = parse_time(left).astimezone(UTC), parse_time(right).astimezone(UTC)
    return (first > second) - (first < second)


FUNCTIONS: dict[str, Function] = {"timeadd": timeadd, "timecmp": timecmp}
