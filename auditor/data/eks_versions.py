"""Until when EKS supports a Kubernetes minor.

Kept by hand from the release calendar in the EKS user guide; versions before 1.29 from its earlier editions,
1.35 as repeated by endoflife.date and AWS's own samples. A minor whose dates could not be established is
left out: absence says nothing about support.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

SOURCE = "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"
AS_OF = date(2026, 4, 24)

EXTENDED_SUPPORT_SINCE = 23  # earlier minors had no extended support


class EksVersion(NamedTuple):
    """``minor`` of Kubernetes 1.x. Support ends at the beginning of the day, UTC."""

    minor: int
    released: date
    standard_support_ends: date
    extended_support_ends: date

    def support(self, today: date) -> str:
        """standard, extended (billed extra) or ended (EKS upgrades the control plane by itself)."""
        if today < self.standard_support_ends:
            return "standard"
        return "extended" if today < self.extended_support_ends else "ended"


_CALENDAR = {
    23: ("2022-08-11", "2023-10-11", "2024-10-11"),
    24: ("2022-11-15", "2024-01-31", "2025-01-31"),
    25: ("2023-02-21", "2024-05-01", "2025-05-01"),
    26: ("2023-04-11", "2024-06-11", "2025-06-11"),
    27: ("2023-05-24", "2024-07-24", "2025-07-24"),
    28: ("2023-09-26", "2024-11-26", "2025-11-26"),
    29: ("2024-01-23", "2025-03-23", "2026-03-23"),
    30: ("2024-05-23", "2025-07-23", "2026-07-23"),
    31: ("2024-09-26", "2025-11-26", "2026-11-26"),
    32: ("2025-01-23", "2026-03-23", "2027-03-23"),
    33: ("2025-05-29", "2026-07-29", "2027-07-29"),
    34: ("2025-10-02", "2026-12-02", "2027-12-02"),
    35: ("2026-01-27", "2027-03-27", "2028-03-27"),
}


def eks_version(minor: int) -> EksVersion | None:
    """The row of Kubernetes 1.``minor``, or None when the calendar does not have it."""
    row = _CALENDAR.get(minor)
    if row is None:
        return None
    released, standard, extended = (date.fromisoformat(day) for day in row)
    return EksVersion(minor, released, standard, extended)


def newest_known_minor() -> int:
    """Newer ones than this exist or will: they are unknown, not wrong."""
    return max(_CALENDAR)
