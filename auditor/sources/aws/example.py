"""AWS resources and metrics written down in YAML, for the examples of policies.

A document ``apiVersion: aws.auditor.dev/v1``, ``kind: aws_sqs_queue``, ``metadata: {name: ARN}`` holds under ``state``
what the source would have read: Terraform's arguments, and ``live``. ``metrics.auditor.dev/v1`` does so for metrics.
"""

from __future__ import annotations

from msgspec.structs import replace

from auditor.data.cluster_kinds import BY_KEY
from auditor.model import Origin, Path, Place, Resource, Target
from auditor.reach import Reach
from auditor.sources.aws.services import FOLDED, readable_kinds
from auditor.sources.aws.source import ACCOUNT, TERRAFORM
from auditor.sources.prometheus.asking import API_VERSION as METRICS
from auditor.sources.prometheus.kinds import READERS

API_VERSION = "aws.auditor.dev/v1"
METRICS_VERSION = "metrics.auditor.dev/v1"
TAKEN = "2026-04-24T12:00:00Z"
"""When examples were read."""
_STATE = "state"


def as_live(targets: list[Target]) -> list[Target]:
    """The targets, with all such documents in a live target of their own: an account of which everything is known.

    Kubernetes objects beside them are those of a live cluster; Terraform beside them is Git's.
    """
    found = [each for target in targets for each in target.resources if _is_written(each)]
    if not found:
        return targets
    objects = [each for target in targets for each in target.resources if _is_object(each)]
    gone = {id(each) for each in (*found, *objects)}
    for target in targets:
        target.resources = [each for each in target.resources if id(each) not in gone]
    made = [*_account(found), *_metrics(found)]
    if objects:
        known = frozenset({*BY_KEY, *((each.group, each.kind) for each in objects)})
        made.append(_target("cluster", [_running(each) for each in objects], Reach("kubernetes", known)))
    for one in made:
        one.ties = [other.name for other in made if other is not one]
    return [*(target for target in targets if target.resources), *made]


def _account(found: list[Resource]) -> list[Target]:
    mine = [_state(each, "aws", TERRAFORM) for each in found if each.api_version == API_VERSION]
    kinds = frozenset((TERRAFORM, kind) for kind in (*readable_kinds(), *FOLDED, ACCOUNT))
    return [_target("aws", mine, Reach(TERRAFORM, kinds))] if mine else []


def _metrics(found: list[Resource]) -> list[Target]:
    mine = [_state(each, "metrics", METRICS) for each in found if each.api_version == METRICS_VERSION]
    kinds = frozenset(("metrics", kind) for kind in READERS)
    return [_target("metrics", mine, Reach("metrics", kinds))] if mine else []


def _is_written(resource: Resource) -> bool:
    return resource.api_version in (API_VERSION, METRICS_VERSION)


def _is_object(resource: Resource) -> bool:
    return resource.api_version not in (API_VERSION, METRICS_VERSION, TERRAFORM, "file")


def _target(source: str, resources: list[Resource], reach: Reach) -> Target:
    name = f"{source}:example"
    return Target(name, "live", name, resources, source=source, reach=reach, taken=TAKEN)


def _state(written: Resource, source: str, api_version: str) -> Resource:
    body = written.body.get(_STATE)
    state = body if isinstance(body, dict) else {}
    origin = LiveOrigin(written.origin, source, (_STATE,))
    return Resource(api_version, written.kind, written.namespace, written.name, state, origin)


def _running(written: Resource) -> Resource:
    return replace(written, origin=LiveOrigin(written.origin, "cluster", ()))


class LiveOrigin:
    """Places of a live object inside the document that stands for it; ``inside`` leads to its body there."""

    __slots__ = ("_inner", "_inside", "source")

    editable = False

    def __init__(self, inner: Origin, source: str, inside: Path) -> None:
        self._inner, self.source, self._inside = inner, source, inside

    @property
    def file(self) -> str:
        """The example's file."""
        return self._inner.file

    def locate(self, path: Path) -> Place:
        """The line of the field."""
        return self._inner.locate((*self._inside, *path))

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """The lines around it."""
        return self._inner.excerpt(place)

    def comment(self, place: Place) -> str:
        """The comment beside it."""
        return self._inner.comment(place)
