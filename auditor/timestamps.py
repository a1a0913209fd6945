"""How reports, snapshots and live readings write a moment."""

from __future__ import annotations

from datetime import datetime


def stamp(moment: datetime) -> str:
    """RFC 3339 to the second, as ``2026-11-21T12:00:00Z``. ``moment`` is in UTC already."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
