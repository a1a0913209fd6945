"""How node groups that are no launch template of their own set the EC2 metadata service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.paths import render
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

CLOSED_SINCE = 21
"""First major version of terraform-aws-modules/eks whose default hop limit is 1; before it was 2."""

_GROUPS = regex(r"(eks_managed|self_managed)_node_groups$")
_MAJOR = regex(r"(\d+)")


class InstanceMetadata:
    """``facts.instance_metadata``: ``{groups: [{name, tokens, tokens_said, tokens_at, hops, …}]}``.

    Of a call of the eks module, an eksctl file or a Karpenter node class. ``tokens`` is ``required`` or
    ``optional``, ``hops`` the hop limit (1 also where pods cannot reach the service by other means); ``…_said``
    is the sentence for it, ``…_at`` the path. Groups without a metadata service are left out.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        if resource.kind == "module":
            return {"groups": list(self._module(resource))}
        found = _eksctl(resource) if resource.kind == "ClusterConfig" else _karpenter(resource)
        return {"groups": list(found)}

    def _module(self, resource: Resource) -> Iterator[dict[str, Any]]:
        for group in self._world.instances_of("NodeGroup", resource):
            where = group.source_path(())
            own = dig(resource.body, where)
            if isinstance(own, Unknown) or type(own) is not dict:
                continue
            options, at = _options(resource.body, where, own)
            if dig(own, ("create_launch_template",)) is False or "launch_template_id" in own:
                continue
            if isinstance(options, Unknown):
                yield _row(_text(group.value["name"]), resource, (options, at, ""), (options, at, ""))
            elif dig(options, ("http_endpoint",)) != "disabled":
                tokens = _named(options, at, "http_tokens", "required")
                hops = _named(options, at, "http_put_response_hop_limit", _default(resource.body, where))
                yield _row(_text(group.value["name"]), resource, tokens, hops)


Said = tuple[Any, Path, str]


def _options(body: dict[str, Any], where: Path, own: dict[str, Any]) -> tuple[Any, Path]:
    """The group's metadata_options, or those of the defaults; {} at the group when neither has any."""
    if "metadata_options" in own:
        return own["metadata_options"], (*where, "metadata_options")
    if where and isinstance(where[0], str) and (kind := _GROUPS.search(where[0])):
        field = f"{kind.group(1)}_node_group_defaults"
        defaults = body.get(field)
        if isinstance(defaults, Unknown):
            return defaults, (field,)
        if type(defaults) is dict and "metadata_options" in defaults:
            return defaults["metadata_options"], (field, "metadata_options")
    return {}, where


def _default(body: dict[str, Any], where: Path) -> Any:
    """The hop limit that the module sets by itself."""
    del where
    version = body.get("version")
    if isinstance(version, Unknown):
        return version
    found = _MAJOR.search(version) if isinstance(version, str) else None
    if found is None:
        return Unknown("the default hop limit depends on the module's version", "pin the module's version")
    return 1 if int(found.group(1)) >= CLOSED_SINCE else 2


def _named(options: dict[str, Any], at: Path, key: str, default: Any) -> Said:
    if key in options:
        value = options[key]
        return value, (*at, key), f"{key} is {_text(value)}"
    return default, at, f"{key} is not set, and the default is {_text(default)}"


def _eksctl(resource: Resource) -> Iterator[dict[str, Any]]:
    for field in ("managedNodeGroups", "nodeGroups"):
        listed = resource.body.get(field)
        for index, group in enumerate(listed if type(listed) is list else ()):
            if type(group) is not dict or "launchTemplate" in group:
                continue
            where: Path = (field, index)
            tokens: Said = ("required", where, "")
            if group.get("disableIMDSv1") is False:
                tokens = ("optional", (*where, "disableIMDSv1"), "disableIMDSv1 is false")
            closed = group.get("disablePodIMDS") is True
            said = "disablePodIMDS is not true, and eksctl's hop limit is 2"
            at: Path = (*where, "disablePodIMDS") if "disablePodIMDS" in group else (*where, "name")
            yield _row(_text(group.get("name", "")), resource, tokens, (1 if closed else 2, at, said))


def _karpenter(resource: Resource) -> Iterator[dict[str, Any]]:
    options = dig(resource.body, ("spec", "metadataOptions"))
    options = options if type(options) is dict else {}
    if options.get("httpEndpoint") == "disabled":
        return
    at: Path = ("spec", "metadataOptions") if options else ("spec",)
    default = 1 if resource.api_version.endswith("/v1") else 2
    tokens = _named(options, at, "httpTokens", "required")
    yield _row(resource.title, resource, tokens, _named(options, at, "httpPutResponseHopLimit", default))


def _row(name: str, resource: Resource, tokens: Said, hops: Said) -> dict[str, Any]:
    return {
        "name": name,
        "tokens": tokens[0],
        "tokens_at": render(resource.body, tokens[1]),
        "tokens_said": tokens[2],
        "hops": hops[0],
        "hops_at": render(resource.body, hops[1]),
        "hops_said": hops[2],
    }


def _text(value: Any) -> str:
    return "unknown" if isinstance(value, Unknown) else str(value)
