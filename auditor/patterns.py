"""Regular expressions that are compiled when they are first used.

A run looks at a third of the patterns that its modules name, and compiling all of them would take it a tenth of
its time: PyYAML alone has one, for a reader that libyaml takes the place of, that costs 4 ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, AnyStr, cast

_compile = re.compile


class _Pattern:
    """Stands for a compiled pattern: has its methods and attributes, each looked up once."""

    def __init__(self, text: Any, flags: int) -> None:
        self._given = (text, flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(_compile(*self._given), name)
        setattr(self, name, found)
        return found


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As :func:`re.compile`, but a mistake in the pattern shows when it is used.

    For methods only: functions of :mod:`re` do not take it in place of a pattern, and ``match.re`` is another.
    """
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))


@contextmanager
def compiled_when_used() -> Iterator[None]:
    """What modules of other packages compile while they load, they compile later too."""
    re.compile = regex  # type: ignore[assignment]
    try:
        yield
    finally:
        re.compile = _compile
