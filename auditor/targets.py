"""Names for what is deployed, and which Terraform each of them runs on. Pure.

An alternative (a kustomization that no Application deploys) is judged as if it ran on its cluster; what is deployed
does not see it, for the two never run together.

Without configuration every manifest target is tied to the one Terraform root that declares an EKS cluster or
node groups. Where several do, nothing is guessed: joins that need the tie are not assessed, and say which
line of ``auditor.toml`` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from auditor.errors import did_you_mean
from auditor.model import Resource, Target
from auditor.options import TargetSettings
from auditor.spans import Problem

_CLUSTER_TYPES = frozenset({"aws_eks_cluster", "aws_eks_node_group", "aws_eks_fargate_profile"})
_SHOWN = 4


def arrange(
    targets: Sequence[Target], configured: Mapping[str, TargetSettings], config_file: str = "auditor.toml"
) -> tuple[list[Target], list[Problem]]:
    """The targets under their configured names and with their ties, and a warning for each line that fits none.

    Call it once on what a source collected.
    """
    warnings: list[Problem] = []
    arranged = list(targets)
    _keep_the_only_groups(arranged)
    for name, settings in configured.items():
        arranged = _apply(arranged, name, settings, config_file, warnings)
    _tie_the_rest(arranged)
    _tie_shared_groups(arranged)
    return [target for target in arranged if target.resources or target.kind != "loose"], warnings


def _keep_the_only_groups(targets: Sequence[Target]) -> None:
    """Pools of GPU nodes that stand in for no others are no alternative: somebody applies them by hand."""
    pools = [target for target in targets if target.alternative and any(map(_is_group, target.resources))]
    if not pools:
        return
    from auditor.world import World

    worlds = [World(target) for target in targets if not target.alternative]
    groups = [
        each.value for world in worlds if world.target_has_groups for each in world.instances("NodeGroup")
    ]
    if not any(group["is_gpu"] is True for group in groups):
        for target in pools:
            target.alternative = False


def declares_cluster(target: Target) -> bool:
    """Whether a Terraform target declares an EKS cluster or node groups, itself or through the eks module."""
    return target.kind == "terraform" and any(_is_cluster(resource) for resource in target.resources)


def _deploys(target: Target) -> bool:
    """Whether a target of the tree holds Kubernetes objects, not only Terraform or plain files."""
    return target.kind not in ("terraform", "live") and any(r.api_version != "file" for r in target.resources)


def _is_cluster(resource: Resource) -> bool:
    if resource.kind in _CLUSTER_TYPES:
        return True
    source = resource.body.get("source") if resource.kind == "module" else None
    return type(source) is str and "/eks" in source


def _apply(
    targets: list[Target], name: str, settings: TargetSettings, file: str, warnings: list[Problem]
) -> list[Target]:
    mine: list[Target] = []
    for pattern in settings.manifests:
        found = [target for target in targets if _is(target, pattern) and target.kind != "terraform"]
        if not found:
            found = _split(targets, name, pattern)
            targets = [*targets, *(target for target in found if target not in targets)]
        if not found:
            what = f"[target.{name}] manifests: {pattern!r} fits no target and no loose file"
            repair = f"name a path or glob{did_you_mean(pattern, [t.path for t in targets])}"
            warnings.append(Problem(file, 0, 0, what, repair))
        mine += [target for target in found if target not in mine]
    infrastructure = _terraform(targets, name, settings, file, warnings)
    _rename(mine, name)
    for target in mine:
        target.cluster = settings.cluster
        for root in infrastructure:
            _tie(target, root)
    return targets


def _is(target: Target, pattern: str) -> bool:
    names = (target.name, target.path)
    return any(each == pattern.rstrip("/") or fnmatchcase(each, pattern) for each in names)


def _split(targets: Sequence[Target], name: str, pattern: str) -> list[Target]:
    """A target of the loose files that the pattern names: a folder, a file or a glob."""
    known = next((t for t in targets if t.name == name and t.kind == "loose"), None)
    part = known or Target(name, "loose", pattern)
    folder = pattern.rstrip("/") + "/"
    for target in targets:
        if target.kind != "loose" or target is part or not _deploys(target):
            continue
        taken = [
            resource
            for resource in target.resources
            if resource.origin.file.startswith(folder) or fnmatchcase(resource.origin.file, pattern)
        ]
        part.resources += taken
        gone = {id(resource) for resource in taken}
        target.resources = [resource for resource in target.resources if id(resource) not in gone]
    return [part] if part.resources else []


def _terraform(
    targets: Sequence[Target], name: str, settings: TargetSettings, file: str, warnings: list[Problem]
) -> list[Target]:
    if not settings.terraform:
        return []
    roots = [target for target in targets if target.kind == "terraform"]
    found = [target for target in roots if target.name == settings.terraform]
    found = found or [target for target in roots if target.path == settings.terraform.rstrip("/")]
    if len(found) == 1:
        return found
    names = [target.name for target in found or roots]
    if found:
        what = f"[target.{name}] terraform: {settings.terraform!r} has several sets of variables"
        repair = f"write one of: {', '.join(names[:_SHOWN])}"
    else:
        what = f"[target.{name}] terraform: {settings.terraform!r} is no Terraform root of this tree"
        repair = f"write the path of a root{did_you_mean(settings.terraform, names)}"
    warnings.append(Problem(file, 0, 0, what, repair))
    return []


def _rename(targets: Sequence[Target], name: str) -> None:
    """One target takes the name; several keep their own behind it."""
    for target in targets:
        target.name = name if len(targets) == 1 else f"{name}:{target.name}"


def _tie(one: Target, other: Target) -> None:
    """Joins are made from both ends: a pod asks for its node group, a node group for its pods."""
    for target, tied in ((one, other), (other, one)):
        if tied.name not in target.ties and not tied.alternative:
            target.ties.append(tied.name)


def _tie_the_rest(targets: Sequence[Target]) -> None:
    """Tie the manifest targets that no line ties, or say why that cannot be decided."""
    roots = [target for target in targets if declares_cluster(target)]
    names = {target.name for target in targets if target.kind == "terraform"}
    loners = [target for target in targets if _deploys(target) and names.isdisjoint(target.ties)]
    if len(roots) == 1:
        for target in loners:
            _tie(target, roots[0])
        _tie_companions(targets, roots[0], loners)
    elif len(roots) > 1:
        for target in loners:
            target.undecided = _question(target, roots)
        for root in roots:
            if loners and not root.ties:
                root.undecided = _question(loners[0], roots)


def _tie_shared_groups(targets: Sequence[Target]) -> None:
    """Manifests run on the node groups that one other manifest target declares (eksctl, Karpenter)."""
    manifests = [target for target in targets if _deploys(target)]
    roots = {target.name for target in targets if target.kind == "terraform"}
    shared = [target for target in manifests if any(_is_group(each) for each in target.resources)]
    if len(shared) == 1:
        for target in manifests:
            if target is not shared[0] and not _on_other_clusters(target, shared[0], roots):
                _tie(target, shared[0])


def _on_other_clusters(one: Target, other: Target, roots: set[str]) -> bool:
    """Whether both are tied to Terraform, and to none in common."""
    mine, theirs = roots.intersection(one.ties), roots.intersection(other.ties)
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def _is_group(resource: Resource) -> bool:
    return (resource.group, resource.kind) in (("karpenter.sh", "NodePool"), ("eksctl.io", "ClusterConfig"))


def _tie_companions(targets: Sequence[Target], cluster: Target, loners: Iterable[Target]) -> None:
    """Queues, buckets and roles often have a root of their own beside the cluster's."""
    roots = [target for target in targets if target.kind == "terraform" and target is not cluster]
    paths = [root.path for root in roots]
    for root in roots:
        if paths.count(root.path) == 1 and root.path != cluster.path:
            for target in loners:
                _tie(target, root)


def _question(target: Target, roots: Iterable[Target]) -> str:
    names = [root.name for root in roots]
    label = target.name.replace("/", "-").replace(":", "-").strip("-.") or "main"
    others = f" (or {', '.join(repr(name) for name in names[1:_SHOWN])})" if len(names) > 1 else ""
    return (
        f"{len(names)} Terraform roots declare node groups; in auditor.toml write [target.{label}] "
        f'manifests = ["{target.name}"] terraform = "{names[0]}"{others}'
    )
