"""A value that exists but could not be read, and why.

Unknowns stand inside otherwise plain data: an unresolved Terraform attribute, a masked secret, a fact
that nobody declared. They spread: an expression that really depends on one is unknown itself
(``true || unknown`` is true, ``unknown == 2`` is unknown), and a policy whose answer is unknown is
*not-assessed* and shows the reason.
"""

from __future__ import annotations

from typing import NoReturn


class UnknownUsed(Exception):
    """Plain Python code touched an unknown as if it were a value."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


class Unknown:
    """Why a value is not known, and the act that would make it known.

    Every operation that would quietly treat it as a value raises :class:`UnknownUsed`, so that code
    which forgot about unknowns can neither pass nor fail anything by accident.
    """

    __slots__ = ("reason", "repair")

    def __init__(self, reason: str, repair: str = "") -> None:
        self.reason = reason
        self.repair = repair

    def _used(self, *_: object) -> NoReturn:
        raise UnknownUsed(self)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _used
    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _used
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _used
    __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __neg__ = __int__ = __float__ = __index__ = _used
    __str__ = __format__ = _used
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Unknown({self.reason!r})"
