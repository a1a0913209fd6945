"""The seconds that one scan is billed for. Pure arithmetic; seconds and USD.

A node is billed from its start until it is removed: start + compute + cooldown + removal for a scan that comes alone.
Scans are taken as spread evenly over the day, or as one batch a day. One GPU computes one scan at a time.
"""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

from auditor.data.prices import HOURS_PER_MONTH

DAY = 86_400
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
_EDGE = 1e-9


class Scan(NamedTuple):
    """Seconds of one scan on one type of GPU."""

    start: float
    """From the message to a ready worker, where there was no node."""
    compute: float
    cooldown: float
    """The worker waits for more."""
    removal: float
    """The node stands empty until the autoscaler takes it away."""

    @property
    def around(self) -> float:
        """All but the compute."""
        return self.start + self.cooldown + self.removal

    @property
    def alone(self) -> float:
        """Of a scan that comes alone."""
        return self.compute + self.around


def usd(seconds: float, usd_per_hour: float) -> float:
    """The price of node seconds."""
    return seconds * usd_per_hour / 3600


def nodes(scan: Scan, per_day: float) -> int:
    """GPU nodes that evenly spread scans keep: one for each that is computed at once."""
    return max(ceil(scan.compute * per_day / DAY - _EDGE), 1)


def billed(scan: Scan, per_day: float) -> float:
    """Node seconds a scan, spread evenly: alone, or a share of nodes that never leave.

    A node that is gone before the next scan comes is billed for its one scan. Otherwise it stays.
    """
    gap = DAY / per_day
    return scan.alone if gap >= scan.alone else nodes(scan, per_day) * gap


def batched(scan: Scan, per_day: float) -> float:
    """Node seconds a scan when all of a day come at once, on the fewest nodes that finish within the day."""
    room = max(DAY - scan.around, 1.0)
    count = max(ceil(scan.compute * per_day / room - _EDGE), 1)
    return scan.compute + count * scan.around / per_day


def to_reach(scan: Scan, per_day: float, usd_per_hour: float, other_usd_per_hour: float) -> float | None:
    """The longest compute with which another type costs no more a scan; None when not even 0 s would do.

    The other type starts, cools down and is removed in the same time.
    """
    gap = DAY / per_day
    allowed = billed(scan, per_day) * usd_per_hour / other_usd_per_hour
    kept = floor(allowed / gap + _EDGE)
    if kept >= 1:
        return kept * gap
    rest = allowed - scan.around
    return rest if rest > 0 else None
