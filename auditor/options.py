"""What one run was asked to do, however it was asked: flags, ``auditor.toml``, or a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.policy import Severity


@dataclass(slots=True)
class Settings:
    """Everything that changes what a run finds or how it ends. Defaults are those of a run without a file."""

    packs: Sequence[str] = ("default",)
    policies: Sequence[str] = ()
    """Only these (codes, ids, aliases, peers' rule ids); empty: what the packs choose."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    declarations: Mapping[str, Any] = field(default_factory=dict)
    exclude: Sequence[str] = ()
    fail_on: Severity | None = "high"
    """Gravest severity that may stay open; None: failures never gate."""
    min_score: float | None = None
    min_coverage: float | None = None
    render: bool = True
    full_parse: bool = False
    cache: bool = True
