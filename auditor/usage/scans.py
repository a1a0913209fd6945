"""Unit economics: what one scan costs, and the percentile of a histogram's buckets."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isinf
from typing import NamedTuple


class ScanCost(NamedTuple):
    """USD a scan. marginal: the time of workers, which ends with the work · loaded: all that the platform cost."""

    marginal: float
    loaded: float


def cost_of(scans: float, worker_usd: float, platform_usd: float) -> ScanCost:
    """The cost of one of ``scans``. ValueError without a scan."""
    if scans <= 0:
        raise ValueError("no scan was done")
    return ScanCost(worker_usd / scans, platform_usd / scans)


def bucket_quantile(share: float, buckets: Mapping[float, float]) -> float | None:
    """A quantile of cumulative buckets ``upper bound → count``, interpolated as Prometheus does; None when empty."""
    ordered = sorted(buckets.items())
    count = buckets.get(inf, 0.0)
    if count <= 0:
        return None
    rank, lower, below = share * count, 0.0, 0.0
    for upper, cumulated in ordered:
        if cumulated >= rank:
            if isinf(upper):
                return lower
            inside = cumulated - below
            return lower + (upper - lower) * ((rank - below) / inside if inside else 1.0)
        lower, below = upper, cumulated
    return lower
