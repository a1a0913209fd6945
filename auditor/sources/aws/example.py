"""AWS resources written down in YAML, for the examples of policies.

A document ``apiVersion: aws.auditor.dev/v1``, ``kind: aws_sqs_queue``, ``metadata: {name: ARN}`` holds under ``state``
what the source would have read: Terraform's arguments, and ``live``.
"""

from __future__ import annotations

from auditor.model import Origin, Path, Place, Resource, Target
from auditor.reach import Reach
from auditor.sources.aws.services import FOLDED, readable_kinds
from auditor.sources.aws.source import ACCOUNT, TERRAFORM

API_VERSION = "aws.auditor.dev/v1"
TAKEN = "2026-04-24T12:00:00Z"
"""When examples were read."""
_STATE = "state"


def as_live(targets: list[Target]) -> list[Target]:
    """The targets, with all such documents in a live target of their own: an account of which everything is known."""
    found = [each for target in targets for each in target.resources if each.api_version == API_VERSION]
    if not found:
        return targets
    gone = {id(each) for each in found}
    for target in targets:
        target.resources = [each for each in target.resources if id(each) not in gone]
    kinds = frozenset((TERRAFORM, kind) for kind in (*readable_kinds(), *FOLDED, ACCOUNT))
    resources = [_live(each) for each in found]
    account = Target(
        "aws:example",
        "live",
        "aws:example",
        resources,
        source="aws",
        reach=Reach(TERRAFORM, kinds),
        taken=TAKEN,
    )
    return [*(target for target in targets if target.resources), account]


def _live(written: Resource) -> Resource:
    body = written.body.get(_STATE)
    state = body if isinstance(body, dict) else {}
    return Resource(TERRAFORM, written.kind, "", written.name, state, StateOrigin(written.origin))


class StateOrigin:
    """Places of a state inside the document that holds it."""

    __slots__ = ("_inner",)

    source = "aws"
    editable = False

    def __init__(self, inner: Origin) -> None:
        self._inner = inner

    @property
    def file(self) -> str:
        """The example's file."""
        return self._inner.file

    def locate(self, path: Path) -> Place:
        """The line of the field."""
        return self._inner.locate((_STATE, *path))

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """The lines around it."""
        return self._inner.excerpt(place)

    def comment(self, place: Place) -> str:
        """The comment beside it."""
        return self._inner.comment(place)
