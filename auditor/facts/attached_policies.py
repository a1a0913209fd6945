"""Which managed policies a Terraform block attaches or looks up, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.iam.documents import text, texts
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

FIELDS = ("policy_arn", "managed_policy_arn", "managed_policy_arns", "arn")
AWS_MANAGED = ":aws:policy/"


class AttachedPolicies:
    """``facts.attached_policies`` of a block: ``[{name, at}]`` of the AWS managed policies that it names.

    ``name`` is without its path: ``AmazonEBSCSIDriverPolicy``. A policy of the account's own has another ARN and
    is left out; a row is Unknown where an input that nobody gave decides.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        rows: list[Any] = []
        for field in FIELDS:
            found = texts(body.get(field))
            if isinstance(found, Unknown):
                rows.append(found)
                continue
            rows += [
                {"name": arn.rsplit("/", 1)[-1], "at": render(body, (field,))}
                for arn in found or ()
                if AWS_MANAGED in arn
            ]
        if instance.resource.kind == "data.aws_iam_policy" and "name" in body:
            rows.append({"name": text(body["name"]), "at": render(body, ("name",))})
        return rows
