"""Queue URLs as KEDA and workers are given them: region, account and name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.model import Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

_HOSTS = (
    r"(?:[^/]+\.)?sqs(?:-fips)?\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.[a-z0-9.-]+",
    r"(?P<old>[a-z]{2}(?:-[a-z]+)+-\d)\.queue\.amazonaws\.com(?:\.cn)?",
    r"(?P<first>queue|sqs)\.amazonaws\.com",
)
_URL = regex(rf"https?://(?:{'|'.join(_HOSTS)})(?::\d+)?/(?P<account>\d{{12}})/(?P<name>[\w.-]+)/?")
_OTHER = regex(r"https?://[^/]+/(?P<account>\d{12})/(?P<name>[\w.-]+)/?")
_PLAIN = regex(r"[\w-]{1,80}(\.fifo)?")
FIRST_REGION = "us-east-1"


class QueueUrl(NamedTuple):
    """Parts of a queue's URL; '' where the URL does not say. Of a bare name only ``name`` is known."""

    name: str
    account: str = ""
    region: str = ""


def parse_url(text: Any) -> QueueUrl | Unknown:
    """The parts of ``queueURL``. KEDA takes what is no URL as the queue's name."""
    if isinstance(text, Unknown):
        return text
    if not isinstance(text, str):
        return Unknown("the queue's URL is no text", "write the URL as a string")
    found = _URL.fullmatch(text.strip())
    if found:
        region = found["region"] or found["old"] or FIRST_REGION
        return QueueUrl(found["name"], found["account"], region)
    other = _OTHER.fullmatch(text.strip())
    if other:
        return QueueUrl(other["name"], other["account"])
    if _PLAIN.fullmatch(text.strip()):
        return QueueUrl(text.strip())
    return Unknown(f"{text!r} is no queue URL that can be read here", "audit the rendered manifests")


def env_value(world: World, pod: Instance, name: str, container: str = "") -> Any:
    """The value of an environment variable of a pod's container (the first, when none is named).

    Literal values and keys of ConfigMaps of the target are read; anything else is Unknown.
    """
    found = _container(pod, container)
    where = f"{name} of {pod.resource.title}"
    for entry in _dicts(found.get("env")):
        if entry.get("name") == name:
            return _of_entry(world, pod.resource, entry, where)
    for source in _dicts(found.get("envFrom")):
        reference = source.get("configMapRef")
        data = _data(world, pod.resource, reference)
        key = name.removeprefix(source.get("prefix", ""))
        if data is not None and key in data:
            return data[key]
    return Unknown(f"{where} is set outside these manifests", "write its value, or the queue's URL itself")


def _container(pod: Instance, name: str) -> dict[str, Any]:
    listed = list(_dicts(pod.value.get("containers")))
    return next((each for each in listed if not name or each.get("name") == name), {})


def _of_entry(world: World, resource: Resource, entry: dict[str, Any], where: str) -> Any:
    value = entry.get("value")
    if isinstance(value, str) and "$(" not in value:
        return value
    reference = dig(entry, ("valueFrom", "configMapKeyRef"))
    data = _data(world, resource, reference)
    if data is not None and reference.get("key") in data:
        return data[reference["key"]]
    return Unknown(f"{where} is no literal value", "write its value, or the queue's URL itself")


def _data(world: World, resource: Resource, reference: Any) -> dict[str, Any] | None:
    name = reference.get("name") if type(reference) is dict else None
    for each in world.kind("", "ConfigMap"):
        if each.name == name and each.namespace in ("", resource.namespace):
            data = each.body.get("data")
            return data if type(data) is dict else None
    return None


def _dicts(listed: Any) -> Iterator[dict[str, Any]]:
    for each in listed if type(listed) is list else ():
        if type(each) is dict:
            yield each
