"""What can go wrong with one scan, told apart by what helps: another file, or another try."""

from __future__ import annotations


class Fault(Exception):
    """One scan cannot be done. ``code`` is stable and kebab-case; the rest is for a person to read."""

    def __init__(self, code: str, what: str, *, where: str = "", repair: str = "") -> None:
        """``what`` happened; ``where``: the file, tag or step; ``repair``: what whoever sent the scan can do."""
        super().__init__(what)
        self.code, self.what, self.where, self.repair = code, what, where, repair


class PermanentFault(Fault):
    """The same input fails again, however often it is tried: explained, and moved to the dead-letter queue."""


class TransientFault(Fault):
    """The world was not ready (throttling, a 5xx, a lost connection): given back, and tried later."""


class DeviceOutOfMemory(TransientFault):
    """The device ran out of memory: worth one more try in smaller tiles."""


class LostScan(Exception):
    """The message is no longer ours (its receipt handle is lost, or time is up): stop, write nothing."""
