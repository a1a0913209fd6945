"""timestamp(), duration(), their arithmetic and their parts. Both hold whole nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any, ClassVar, Final

from auditor.cel.errors import CelError
from auditor.cel.operators import INT_MAX, INT_MIN, to_int
from auditor.cel.values import Value, refuse
from auditor.patterns import regex

_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400
_FIRST: Final = -62_135_596_800 * _SECOND
_LAST: Final = 253_402_300_800 * _SECOND - 1
_EPOCH_DAY: Final = 719_163
"""``date.toordinal`` of 1970-01-01."""

_RFC3339: Final = regex(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_OFFSET: Final = regex(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
_DURATION: Final = regex(r"[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_DURATION_PART: Final = regex(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3_600 * _SECOND,
}


class _Nanoseconds(Value):
    __slots__ = ("nanoseconds",)
    ordered = True

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = nanoseconds

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.nanoseconds == self.nanoseconds

    def __lt__(self, other: _Nanoseconds) -> bool:
        return self.nanoseconds < other.nanoseconds

    def __le__(self, other: _Nanoseconds) -> bool:
        return self.nanoseconds <= other.nanoseconds

    def __gt__(self, other: _Nanoseconds) -> bool:
        return self.nanoseconds > other.nanoseconds

    def __ge__(self, other: _Nanoseconds) -> bool:
        return self.nanoseconds >= other.nanoseconds

    def __hash__(self) -> int:
        return hash(self.nanoseconds)


class Duration(_Nanoseconds):
    """A signed stretch of time."""

    __slots__ = ()
    type_name = "google.protobuf.Duration"

    def __init__(self, nanoseconds: int) -> None:
        # int64 nanoseconds, as in the reference implementation: about 292 years.
        if not INT_MIN <= nanoseconds <= INT_MAX:
            raise CelError("the duration is out of range")
        super().__init__(nanoseconds)

    def plus(self, other: object) -> object:
        if type(other) is Duration:
            return Duration(self.nanoseconds + other.nanoseconds)
        return other.plus(self) if type(other) is Timestamp else refuse("_+_", self, other)

    def minus(self, other: object) -> object:
        return (
            Duration(self.nanoseconds - other.nanoseconds)
            if type(other) is Duration
            else refuse("_-_", self, other)
        )

    def text(self) -> str:
        seconds, rest = divmod(abs(self.nanoseconds), _SECOND)
        fraction = f".{rest:09d}".rstrip("0") if rest else ""
        return f"{'-' if self.nanoseconds < 0 else ''}{seconds}{fraction}s"

    def whole(self, unit: int) -> int:
        count = abs(self.nanoseconds) // unit
        return -count if self.nanoseconds < 0 else count

    methods: ClassVar[dict[str, Any]] = {
        "getHours": lambda d: d.whole(3_600 * _SECOND),
        "getMinutes": lambda d: d.whole(60 * _SECOND),
        "getSeconds": lambda d: d.whole(_SECOND),
        "getMilliseconds": lambda d: d.whole(1_000_000) % 1_000,
    }


class Timestamp(_Nanoseconds):
    """A moment, as nanoseconds since 1970 in UTC; years 1 to 9999."""

    __slots__ = ()
    type_name = "google.protobuf.Timestamp"

    def __init__(self, nanoseconds: int) -> None:
        if not _FIRST <= nanoseconds <= _LAST:
            raise CelError("the timestamp is out of range: years 1 to 9999")
        super().__init__(nanoseconds)

    def plus(self, other: object) -> object:
        return (
            Timestamp(self.nanoseconds + other.nanoseconds)
            if type(other) is Duration
            else refuse("_+_", self, other)
        )

    def minus(self, other: object) -> object:
        if type(other) is Duration:
            return Timestamp(self.nanoseconds - other.nanoseconds)
        return (
            Duration(self.nanoseconds - other.nanoseconds)
            if type(other) is Timestamp
            else refuse("_-_", self, other)
        )

    def epoch_seconds(self) -> int:
        return to_int(self.nanoseconds // _SECOND)

    def text(self) -> str:
        from datetime import date

        days, seconds = divmod(self.nanoseconds // _SECOND, _DAY)
        rest = self.nanoseconds % _SECOND
        fraction = f".{rest:09d}".rstrip("0") if rest else ""
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"{date.fromordinal(days + _EPOCH_DAY).isoformat()}T{clock}{fraction}Z"

    methods: ClassVar[dict[str, Any]] = {
        "getFullYear": lambda t, *zone: _date(t, zone).year,
        "getMonth": lambda t, *zone: _date(t, zone).month - 1,
        "getDate": lambda t, *zone: _date(t, zone).day,
        "getDayOfMonth": lambda t, *zone: _date(t, zone).day - 1,
        "getDayOfWeek": lambda t, *zone: _date(t, zone).isoweekday() % 7,
        "getDayOfYear": lambda t, *zone: _date(t, zone).timetuple().tm_yday - 1,
        "getHours": lambda t, *zone: _local(t, zone) // 3_600 % 24,
        "getMinutes": lambda t, *zone: _local(t, zone) // 60 % 60,
        "getSeconds": lambda t, *zone: _local(t, zone) % 60,
        "getMilliseconds": lambda t, *zone: t.nanoseconds // 1_000_000 % 1_000 + 0 * _local(t, zone),
    }


def _local(moment: Timestamp, zone: tuple[Any, ...]) -> int:
    """Seconds since 1970 on the clock of a zone: a name, or an offset such as ``-09:30``."""
    seconds = moment.nanoseconds // _SECOND
    if not zone:
        return seconds
    if type(zone[0]) is not str:
        refuse("time zone", zone[0])
    offset = _OFFSET.fullmatch(zone[0])
    if offset is None:
        return seconds + _zone_offset(zone[0], seconds)
    shift = int(offset[2]) * 3_600 + int(offset[3]) * 60
    return seconds - shift if offset[1] == "-" else seconds + shift


def _zone_offset(name: str, seconds: int) -> int:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    try:
        zone = ZoneInfo(name)
        shift = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
    except (LookupError, ValueError, OSError, OverflowError):
        raise CelError(f"unknown time zone {name!r}") from None
    return int(shift.total_seconds()) if shift else 0


def _date(moment: Timestamp, zone: tuple[Any, ...]) -> Any:
    from datetime import date

    try:
        return date.fromordinal(_local(moment, zone) // _DAY + _EPOCH_DAY)
    except (ValueError, OverflowError):
        raise CelError("the local date is out of range: years 1 to 9999") from None


def timestamp(value: Any) -> Timestamp:
    """From RFC 3339 text, or from seconds since 1970."""
    if type(value) is Timestamp:
        return value
    if type(value) is int:
        return Timestamp(value * _SECOND)
    return _parse_timestamp(value) if type(value) is str else refuse("timestamp", value)


def _parse_timestamp(text: str) -> Timestamp:
    from datetime import date

    parts = _RFC3339.fullmatch(text)
    if parts is None:
        raise CelError(
            f"timestamp({text!r}): not RFC 3339, such as 2026-01-31T08:00:00Z (range: years 1 to 9999)"
        )
    year, month, day, hour, minute, second = (int(parts[i]) for i in range(1, 7))
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        raise CelError(f"timestamp({text!r}): no such date in the range of years 1 to 9999") from None
    shift = int(parts[9] or 0) * 60 + int(parts[10] or 0)
    if hour > 23 or minute > 59 or second > 59 or shift >= 24 * 60:
        raise CelError(f"timestamp({text!r}): no such time of day")
    seconds = days * _DAY + hour * 3_600 + minute * 60 + second - (-shift if parts[8] == "-" else shift) * 60
    return Timestamp(seconds * _SECOND + int((parts[7] or "").ljust(9, "0")))


def duration(value: Any) -> Duration:
    """From text such as ``1h30m`` or ``-1.5s``."""
    if type(value) is Duration:
        return value
    if type(value) is not str:
        return refuse("duration", value)
    if len(value) > 100 or not _DURATION.fullmatch(value):
        raise CelError(f"duration({value!r}): not a duration, such as 90s or 1h30m")
    total = sum(_nanoseconds(*part) for part in _DURATION_PART.findall(value))
    return Duration(-total if value[0] == "-" else total)


def _nanoseconds(whole: str, fraction: str, unit: str) -> int:
    return (int(whole + fraction or 0) * _UNITS[unit]) // int(10 ** len(fraction))
