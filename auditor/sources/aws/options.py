"""Which accounts and regions are read."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 20
MAX_ATTEMPTS = 8


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """One account. Without ``role_arn`` it is that of the credentials at hand."""

    role_arn: str = ""
    external_id: str = ""
    regions: Sequence[str] = ()
    """Regions of this account, where they differ from those of the run."""


class AwsOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What to read of AWS."""

    accounts: Sequence[Account] = (Account(),)
    regions: Sequence[str] = ()
    """Regions to read; none given: the one that the credentials' profile or environment names."""
    profile: str = ""
    prices: bool = False
    """Ask AWS's price list for the types in use; else the built-in table counts."""
    workers: int = 8
    """Calls that are under way at once."""
