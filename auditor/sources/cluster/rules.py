"""RBAC rules: the one that a failed read needs, and the smallest role for a set of kinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.data.cluster_kinds import ClusterKind

SYSTEM = "system:discovery"


def rule_text(kind: ClusterKind, verbs: Iterable[str] = ("list",)) -> str:
    """One rule, as it stands in a ClusterRole."""
    listed = ", ".join(verbs)
    return f'{{apiGroups: ["{kind.group}"], resources: ["{kind.plural}"], verbs: [{listed}]}}'


def repair(kind: ClusterKind, verbs: Iterable[str] = ("list",)) -> str:
    """The act that makes a refused request possible."""
    return f"add the rule {rule_text(kind, verbs)} to the auditor's ClusterRole"


def rules(
    kinds: Iterable[ClusterKind], verbs: Mapping[tuple[str, str], tuple[str, ...]]
) -> list[dict[str, list[str]]]:
    """Rules of a role, one for each group and set of verbs, sorted. ``verbs`` are those beyond ``list``, by kind."""
    found: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for each in kinds:
        wanted = tuple(sorted({"list", *verbs.get(each.key, ())}))
        found.setdefault((each.group, wanted), set()).add(each.plural)
    return [
        {"apiGroups": [group], "resources": sorted(plurals), "verbs": list(wanted)}
        for (group, wanted), plurals in sorted(found.items())
    ]
