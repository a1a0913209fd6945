"""What an API server serves: each kind's version, plural and scope."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.data.cluster_kinds import CLUSTER_KINDS, ClusterKind
from auditor.reach import Kind
from auditor.sources.cluster.client import ApiError, Client

_ACCEPT = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)


class _ResponseKind(msgspec.Struct):
    kind: str = ""


class _Resource(msgspec.Struct, rename="camel"):
    resource: str
    scope: str = "Namespaced"
    response_kind: _ResponseKind | None = None
    verbs: list[str] | None = None


class _Version(msgspec.Struct):
    version: str
    resources: list[_Resource] | None = None
    freshness: str = "Current"


class _Named(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Named = msgspec.field(default_factory=_Named)
    versions: list[_Version] | None = None


class _Groups(msgspec.Struct):
    kind: str = ""
    items: list[_Group] | None = None


class Served(msgspec.Struct):
    """Every kind that can be listed, and the groups whose servers did not answer."""

    kinds: dict[Kind, ClusterKind]
    whole: bool = True
    """Whether this is all that the server serves, and not only what we hope for."""
    stale: set[str] = msgspec.field(default_factory=set)
    """Groups whose extension server is down: what they serve is not known."""
    versions: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """(api version, kind) of everything, other versions than the preferred ones too."""


def discovered(client: Client) -> Served:
    """What the server says of itself, the preferred version of each kind first. :class:`ApiError`.

    Servers before 1.27 answer in another form; then the table's versions are taken, and a list that is not found
    is of a kind that is not served.
    """
    served = Served({})
    for path in ("/api", "/apis"):
        found = _decoded(client.get(path, accept=_ACCEPT))
        if found is None:
            return Served({each.key: each for each in CLUSTER_KINDS}, whole=False)
        for group in found.items or ():
            _add(served, group)
    return served


def _decoded(data: bytes) -> _Groups | None:
    try:
        found = msgspec.json.decode(data, type=_Groups)
    except msgspec.DecodeError as error:
        raise ApiError(200, f"the answer to discovery cannot be read: {error}") from error
    return found if found.kind == "APIGroupDiscoveryList" else None


def _add(served: Served, group: _Group) -> None:
    name = group.metadata.name
    for version in group.versions or ():
        if version.freshness == "Stale":
            served.stale.add(name)
        api_version = f"{name}/{version.version}" if name else version.version
        for each in _kinds(api_version, version):
            served.kinds.setdefault(each.key, each)
            served.versions.add((api_version, each.kind))


def _kinds(api_version: str, version: _Version) -> Iterator[ClusterKind]:
    for each in version.resources or ():
        if each.response_kind is not None and "list" in (each.verbs or ()):
            yield ClusterKind(api_version, each.response_kind.kind, each.resource, each.scope == "Namespaced")
