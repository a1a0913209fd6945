"""Which kinds of a cluster a run asks for, and with which rights: the reader and ``auditor rbac`` agree on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.data.cluster_kinds import CLUSTER_KINDS, ClusterKind
from auditor.errors import UsageError, did_you_mean
from auditor.reach import Kind
from auditor.sources.live import Needs

CONFIG_MAP = ("", "ConfigMap")
POD, REPLICA_SET, JOB = ("", "Pod"), ("apps", "ReplicaSet"), ("batch", "Job")
GET: dict[Kind, tuple[str, ...]] = {REPLICA_SET: ("get",)}
"""Verbs beyond ``list``: ReplicaSets without an owner are read one by one."""

Declared = frozenset[tuple[str, str, str, str]]
"""(group, kind, namespace, name) of objects in Git."""


def declared(needs: Needs) -> Declared:
    """Every Kubernetes object in Git, when a chosen policy compares it with the cluster; else nothing."""
    if needs.facts.isdisjoint(("drift", "orphan")):
        return frozenset()
    return frozenset(
        (each.group, each.kind, each.namespace, each.name)
        for target in needs.declared
        for each in target.resources
        if each.api_version not in ("terraform", "file") and each.name
    )


def wants(needs: Needs, kind: ClusterKind, in_git: frozenset[Kind]) -> bool:
    """Whether a kind is read. Pods need what makes them: findings are about owners."""
    if kind.key in (REPLICA_SET, JOB) and needs.wants("v1", "Pod"):
        return True
    if kind.key == CONFIG_MAP and in_git and any(each.deployed_by is not None for each in needs.declared):
        return True  # argocd-cm: what Argo CD ignores is no drift
    return kind.key in in_git or needs.wants(kind.api_version, kind.kind)


def kinds_of(objects: Declared) -> frozenset[Kind]:
    """Their kinds."""
    return frozenset((group, kind) for group, kind, _, _ in objects)


def plurals(names: Iterable[str]) -> frozenset[str]:
    """What ``--leave-out`` names: plurals, as in RBAC rules. UsageError for one that is never read anyway."""
    known = {kind.plural for kind in CLUSTER_KINDS}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"--leave-out {name}: no kind of that name is ever read; name its plural{hint}")
    return frozenset(names)


def wanted(needs: Needs, without: frozenset[str] = frozenset()) -> Iterator[ClusterKind]:
    """Every kind of the table that a run reads, but for the plurals that it leaves out."""
    in_git = kinds_of(declared(needs))
    return (kind for kind in CLUSTER_KINDS if kind.plural not in without and wants(needs, kind, in_git))
