"""Joining several unknowns into the one that a result shows."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.unknown import Unknown

_JOINT = "; "


def combine(unknowns: Sequence[Unknown]) -> Unknown:
    """One unknown whose reason and repair are the distinct ones of all, sorted. ``unknowns`` is not empty."""
    if len(unknowns) == 1:
        return unknowns[0]
    return Unknown(_join([u.reason for u in unknowns]), _join([u.repair for u in unknowns]))


def _join(texts: list[str]) -> str:
    return _JOINT.join(sorted({part for text in texts for part in text.split(_JOINT) if part}))
