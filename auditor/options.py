"""What one run was asked to do, however it was asked: flags, ``auditor.toml``, or a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from auditor.policy import Policy, Severity

if TYPE_CHECKING:
    from auditor.waivers import Rule


class TargetSettings(Struct, frozen=True):
    """``[target.NAME]``: what belongs together under a name."""

    manifests: tuple[str, ...] = ()
    """Names, paths or globs of targets; for loose files, of the files."""
    terraform: str = ""
    """Path or name of the Terraform root that these manifests run on."""
    cluster: str = ""
    """The kubeconfig context that runs them."""


class Settings(Struct):
    """Everything that changes what a run finds or how it ends. Defaults are those of a run without a file."""

    packs: Sequence[str] = ("default",)
    policies: Sequence[str] = ()
    """Only these (codes, ids, aliases, peers' rule ids); empty: what the packs choose."""
    also: Sequence[str] = ()
    """Names of further policies, judged besides what the packs choose."""
    own_policies: Sequence[Policy] = ()
    """Policies of the user's own, already loaded; they run whatever the packs choose."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By policy (any name of it), then by parameter."""
    declarations: Mapping[str, Any] = field(default_factory=dict)
    exclude: Sequence[str] = ()
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    waivers: Sequence[Rule] = ()
    require_until: bool = True
    """Whether a waiver must name its last day."""
    honour: Sequence[str] = ()
    """Peers whose suppressions count as waivers."""
    trusted_suppressions: frozenset[tuple[str, str, str]] | None = None
    """(resource key, tool, rule) of the only suppressions that count; None: all do."""
    region: str = ""
    repositories: Sequence[str] = ()
    """URLs by which Argo CD Applications name the audited repository; none: any whose path exists here."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """USD an hour by instance type, over the built-in prices."""
    fail_on: Severity | None = "high"
    """Gravest severity that may stay open; None: failures never gate."""
    min_score: float | None = None
    min_coverage: float | None = None
    render: bool = True
    full_parse: bool = False
    cache: bool = True
    live: bool = False
    """Whether something that runs is audited too: policies of the mode L are then chosen."""
