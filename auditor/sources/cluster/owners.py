"""Who makes what: pods, ReplicaSets and Jobs are folded into what a person wrote and can change."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.sources.cluster.projection import Meta, OwnerRef, without_hash

FOLDED = frozenset({("apps", "ReplicaSet"), ("batch", "Job"), ("", "ReplicationController")})
"""Kinds between a pod and its owner that may have an owner of their own."""


class Owners(msgspec.Struct):
    """ReplicaSets and Jobs by namespace and name, with who makes them."""

    known: dict[tuple[str, str, str], OwnerRef | None] = msgspec.field(default_factory=dict)

    def learn(self, kind: str, metas: Iterable[Meta]) -> None:
        """Take note of the objects of a kind."""
        for meta in metas:
            self.known[kind, meta.namespace, meta.name] = meta.controller()

    def top(self, meta: Meta, own_key: str) -> str:
        """Key of the resource that makes a pod in the end; ``own_key`` when nothing does."""
        found = meta.controller()
        if found is None or found.kind == "Node":
            return own_key
        above = self.known.get((found.kind, meta.namespace, found.name))
        if above is not None:
            found = above
        elif found.kind == "ReplicaSet" and ("ReplicaSet", meta.namespace, found.name) not in self.known:
            found = _by_convention(meta, found)
        return key_of(found, meta.namespace)


def _by_convention(meta: Meta, replica_set: OwnerRef) -> OwnerRef:
    """The Deployment of a ReplicaSet that was not read: its name without the hash, which its pods bear as a label."""
    hashed = (meta.labels or {}).get("pod-template-hash", "")
    if hashed and replica_set.name.endswith(f"-{hashed}"):
        name = replica_set.name.removesuffix(f"-{hashed}")
        return OwnerRef("Deployment", name, "apps/v1", controller=True)
    return OwnerRef("Deployment", without_hash(replica_set.name), "apps/v1", controller=True)


def key_of(owner: OwnerRef, namespace: str) -> str:
    """An owner as :attr:`auditor.model.Resource.key` names it."""
    group, kind = owner.key
    return f"{group}/{kind}/{namespace}/{owner.name}"
