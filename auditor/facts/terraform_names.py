"""Queues and buckets that manifests name, against those that Terraform makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.paths import render
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

_QUEUE_URL = regex(r"https://sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/\d{12}/([\w-]{1,80}(?:\.fifo)?)/?")
_BUCKET_URL = regex(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|$)")
_BUCKET_NAME = regex(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BUCKET_ENV = regex(r"(?:^|_)(?:S3_)?BUCKET(?:_NAME)?$")
_TYPES = {"queue": ("aws_sqs_queue", "name"), "bucket": ("aws_s3_bucket", "bucket")}


class NamedParts:
    """``facts.named_parts`` of a container or a scaler: ``{all: [{kind, name, at, found, made, refs}]}``.

    ``kind`` is ``queue`` or ``bucket``; ``found`` whether Terraform of the target makes one of that name, Unknown
    where the names that it makes are not all known, and true where it makes none at all (they are made by other
    means then); ``made`` the names that it does make.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, list[Resource]] = {
            kind: world.kind("terraform", resource) for kind, (resource, _) in _TYPES.items()
        }

    def of(self, instance: Instance) -> dict[str, Any]:
        """See the class."""
        return {"all": [self._row(instance, *found) for found in _names_in(instance)]}

    def _row(self, instance: Instance, kind: str, name: str, at: Path) -> dict[str, Any]:
        made = self._made[kind]
        field = _TYPES[kind][1]
        known = {each.body[field]: each for each in made if isinstance(each.body.get(field), str)}
        found: bool | Unknown = not made or name in known
        if not found and len(known) < len(made):
            other = next(each for each in made if not isinstance(each.body.get(field), str))
            found = Unknown(f"the name of {other.name} is known only after apply", "audit a plan or state")
        return {
            "kind": kind,
            "name": name,
            "at": render(instance.value, at),
            "found": found,
            "made": sorted(known),
            "refs": [self._world.ref(each, (field,)) for each in known.values()][:4],
        }


def _names_in(instance: Instance) -> Iterator[tuple[str, str, Path]]:
    value = instance.value
    if instance.view == "Container":
        env = value.get("env")
        for index, each in enumerate(env if type(env) is list else ()):
            text = each.get("value") if type(each) is dict else None
            if isinstance(text, str):
                yield from _names_of(str(each.get("name", "")), text, ("env", index, "value"))
    triggers = value.get("triggers") if instance.view == "Scaler" else None
    for index, trigger in enumerate(triggers if type(triggers) is list else ()):
        metadata = trigger.get("metadata") if type(trigger) is dict else None
        url = metadata.get("queueURL") if type(metadata) is dict else None
        found = _QUEUE_URL.fullmatch(url) if isinstance(url, str) else None
        if found:
            yield "queue", found.group(1), ("triggers", index, "metadata", "queueURL")


def _names_of(variable: str, text: str, path: Path) -> Iterator[tuple[str, str, Path]]:
    queue = _QUEUE_URL.fullmatch(text)
    bucket = _BUCKET_URL.match(text)
    if queue:
        yield "queue", queue.group(1), path
    elif bucket:
        yield "bucket", bucket.group(1), path
    elif _BUCKET_ENV.search(variable) and _BUCKET_NAME.fullmatch(text):
        yield "bucket", text, path
