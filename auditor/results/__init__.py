"""Where results go beyond standard output and files: a history, report objects, a Pushgateway.

All of it is written after the report itself, so that none of it can cost the report.
"""

from __future__ import annotations

LAST = 100
"""So many kept runs are looked at unless somebody asks for more: at four a day those of 25 days."""


class Undelivered(Exception):
    """A result that did not arrive. ``what`` says where and why, ``repair`` what to do."""

    def __init__(self, what: str, repair: str) -> None:
        super().__init__(what)
        self.what, self.repair = what, repair
