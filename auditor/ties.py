"""Which targets joins may reach from one another.

Manifests run on nodes that Terraform, eksctl or Karpenter declare elsewhere in the repository. A tie is made
where there is one candidate; where there are several, the target says which configuration line decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.model import Target

CLUSTER_TYPES = frozenset({"aws_eks_cluster", "aws_eks_node_group"})
GROUP_KINDS = frozenset({"ClusterConfig", "NodePool", "EC2NodeClass"})
EKS_MODULE = "terraform-aws-modules/eks/aws"


def tie_targets(targets: Sequence[Target]) -> None:
    """Tie manifests to Terraform and to shared node groups, both ways, where there is no choice."""
    roots = [target for target in targets if target.kind == "terraform"]
    others = [target for target in targets if target.kind not in ("terraform", "live") and not target.ties]
    shared = [target for target in others if _declares_groups(target)]
    candidates = _candidates(roots)
    for target in others:
        if candidates is not None:
            _add(target, candidates)
        elif not target.undecided:
            target.undecided = _undecided(target, roots)
        if len(shared) == 1 and shared[0] is not target:
            _add(target, shared)
    for root in candidates or ():
        _add(root, others)


def _candidates(roots: Sequence[Target]) -> list[Target] | None:
    """The roots that belong to the one platform there is; None when there may be several."""
    clusters = [root for root in roots if _is_cluster(root)]
    variants = len({root.path for root in roots}) < len(roots)
    return None if len(clusters) > 1 or variants else list(roots)


def _is_cluster(root: Target) -> bool:
    return any(
        each.kind in CLUSTER_TYPES
        or (each.kind == "module" and str_of(each.body.get("source")).startswith(EKS_MODULE))
        for each in root.resources
    )


def str_of(value: object) -> str:
    """The text, or '' for anything else."""
    return value if isinstance(value, str) else ""


def _declares_groups(target: Target) -> bool:
    return any(each.kind in GROUP_KINDS and each.api_version != "terraform" for each in target.resources)


def _undecided(target: Target, roots: Iterable[Target]) -> str:
    names = ", ".join(sorted(root.name for root in roots if _is_cluster(root) or root.name))
    return (
        f'several Terraform roots could run {target.name}: set terraform under [target."{target.name}"] '
        f"in auditor.toml to one of {names}"
    )


def _add(target: Target, others: Iterable[Target]) -> None:
    for other in others:
        if other is not target and other.name not in target.ties:
            target.ties.append(other.name)
