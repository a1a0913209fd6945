"""Live sources: what each of them is asked, what each hands over, and who they are.

A source is one line in :data:`SOURCES` and a module with a class of the shape :class:`LiveSource`. It reads, and
nothing else: what it could not read is in the reach of its targets, with the act that repairs it. Everything it
hands over is plain data, so that any reading can be saved as a snapshot and judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from msgspec import Struct, field

from auditor.engine import matches
from auditor.model import Nowhere, Origin, Resource, Target
from auditor.options import TargetSettings
from auditor.policy import Policy, judges
from auditor.reach import Kind
from auditor.spans import Problem

SOURCES: dict[str, str] = {
    "cluster": "auditor.sources.cluster.source:ClusterSource",
    "aws": "auditor.sources.aws.source:AwsSource",
    "prometheus": "auditor.sources.prometheus.source:PrometheusSource",
    "snapshot": "auditor.sources.snapshot:SnapshotSource",
}
"""Source → ``module:class``, in the order in which they are read; loaded when a run asks for them."""


class Request(Struct):
    """One source that a run asks for. ``address`` is what its flag was given: a context, a URL, a file; or ''."""

    source: str
    address: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of the source, by the names that its class documents."""


class Needs(Struct):
    """What a run wants to know. Whatever is not asked for here is not read."""

    policies: Sequence[Policy]
    facts: frozenset[str]
    """Names of the facts that the policies read, and those that these build on."""
    looked_at: frozenset[Kind]
    """Kinds that those facts look at, beside what policies match."""
    now: datetime
    declared: Sequence[Target] = ()
    """Git's targets, when Git is audited too: drift asks for what they declare."""
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    """``[target.NAME]`` of the configuration."""
    readings: Sequence[Reading] = ()
    """What the sources before this one have read."""

    def wants(self, api_version: str, kind: str) -> bool:
        """Whether a chosen policy judges this kind, or a fact that one reads looks at it."""
        group = api_version.partition("/")[0] if "/" in api_version or api_version == "terraform" else ""
        return (group, kind) in self.looked_at or any(
            _by_name(policy) and matches(policy, api_version, kind)
            for policy in self.policies
            if judges(policy, live=True)
        )


def _by_name(policy: Policy) -> bool:
    """Whether a policy names what it judges. Those that judge any object take what is read for others."""
    return policy.match.view != "Object" and not any(kind.endswith("*") for kind in policy.match.kinds)


class Reading(Struct, kw_only=True):
    """What one source has read: plain data only, and complete but for what the targets' reaches say."""

    source: str
    label: str
    """``cluster:prod``, ``aws:111122223333``: how reports name it. Without credentials."""
    taken: str
    """RFC 3339 in UTC: the clock of every verdict on it."""
    targets: list[Target] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Reads that a chosen policy needs and that failed; the run is incomplete. ``file`` is the label."""
    gaps: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


class LiveSource(Protocol):
    """One place to read what runs."""

    def __init__(self, request: Request) -> None:
        """UsageError for an address or option that cannot be."""

    def read(self, needs: Needs) -> Iterable[Reading]:
        """Everything the run needs; whatever fails is in the reading, never an exception."""


def source(request: Request) -> LiveSource:
    """The source that a request names, loaded now."""
    module, _, cls = SOURCES[request.source].partition(":")
    make: Callable[[Request], LiveSource] = getattr(import_module(module), cls)
    return make(request)


def live_target(reading: str, name: str, **fields: Any) -> Target:
    """A target of something that runs; ``reading`` is the label of the reading that it belongs to."""
    return Target(name, "live", reading, **fields)


def live_origin(label: str, source_name: str, key: str) -> Origin:
    """The origin of a live object: ``label/key`` stands in for its file."""
    return Nowhere(f"{label}/{key.strip('/')}", source_name)


def terraform_like(label: str, kind: str, name: str, body: dict[str, Any]) -> Resource:
    """Something of a cloud account in the shape of Terraform's type ``kind``; ``name`` is its ARN or id."""
    return Resource("terraform", kind, "", name, body, live_origin(label, "aws", f"{kind}/{name}"))
