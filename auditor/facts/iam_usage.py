"""Signs that a pod calls AWS: what its environment and arguments name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import CONTAINER_LISTS
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World

_QUEUE = regex(r"https://(?:sqs\.[a-z0-9-]+|[a-z0-9-]+\.queue)\.amazonaws\.com(?:\.cn)?/\d{12}/[\w.-]+")
_BUCKET = regex(r"(?<![\w/])s3://[a-z0-9][a-z0-9.-]+")
_ELSEWHERE = regex(r"localstack|minio|no-sign-request|AWS_ENDPOINT_URL|S3_ENDPOINT|ceph", re.IGNORECASE)
"""Signs that what is called is not AWS, or that nobody needs to sign."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class AwsCalls:
    """``facts.aws_calls`` of a pod: ``{container, what}`` for each queue or bucket of AWS that a container is given."""

    def __init__(self, world: World) -> None:
        pass

    def of(self, instance: Instance) -> list[dict[str, str]]:
        """See the class."""
        return aws_calls(instance.value)


def aws_calls(pod: dict[str, Any]) -> list[dict[str, str]]:
    """``{container, what}`` for each queue or bucket of AWS that a container is given.

    Pods that are given static keys, another endpoint or no need to sign are left out: the first are a finding of
    their own.
    """
    found: list[dict[str, str]] = []
    for container in _containers(pod):
        texts = list(_texts(container))
        if any(name in _KEYS for name, _ in texts) or any(
            _ELSEWHERE.search(f"{name} {text}") for name, text in texts
        ):
            continue
        what = next((shown for _, text in texts for shown in _signs(text)), "")
        if what:
            found.append({"container": str(container.get("name", "")), "what": what})
    return found


def queue_urls(text: str) -> list[str]:
    """URLs of SQS queues in a text."""
    return _QUEUE.findall(text)


def _signs(text: str) -> Iterator[str]:
    yield from _QUEUE.findall(text)
    yield from _BUCKET.findall(text)


def _containers(pod: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for field in CONTAINER_LISTS:
        listed = pod.get(field)
        for container in listed if type(listed) is list else ():
            if type(container) is dict:
                yield container


def _texts(container: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of each variable, and each word of the command line without a name."""
    for each in records(container.get("env")):
        name, value = each.get("name"), each.get("value", "")
        if isinstance(name, str):
            yield name, value if isinstance(value, str) and not isinstance(value, Unknown) else ""
    for field in ("command", "args"):
        listed = container.get(field)
        for word in listed if type(listed) is list else ():
            if isinstance(word, str):
                yield "", word
