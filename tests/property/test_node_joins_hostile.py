"""Whatever a body holds, views and joins of nodes answer: with a value, or with what is not known."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.model import Resource, Target
from auditor.sources.git import GitSource
from auditor.sources.tree import Tree
from auditor.targets import arrange
from auditor.terraform import TfReference
from auditor.world import World
from tests.unit.scenarios import SCENARIOS

VIEWS = ("NodeGroup", "GpuOperator", "Queue", "Bucket")
POD_FACTS = ("node_fit", "scale_from_zero", "scale_to_zero", "gpu_software", "pinning", "budgets")
GROUP_FACTS = ("asg_template", "scale_to_zero", "cluster_autoscaler", "gpu_sharing")
REFERENCE = TfReference("aws_instance.x", "id", "known after apply: aws_instance.x.id")
WRONG: tuple[Any, ...] = (
    REFERENCE,
    "text",
    7,
    True,
    [],
    {},
    ["text"],
    [REFERENCE],
    {"key": REFERENCE},
    [7],
    [{}],
)
QUICK = ("fits", "karpenter-fits", "label-by-tag", "zero-budget")
POLICIES = SCENARIOS.parent.parent / "policies"
EXAMPLES = (
    "gpu-scheduling/gpu-nodes-untainted/bad",
    "gpu-scheduling/gpu-sharing-config-missing/bad",
    "scale-to-zero/node-template-taint-wrong/good",
)
FOLDERS = [*sorted(SCENARIOS.iterdir()), *(POLICIES / name for name in EXAMPLES)]
CASES = [
    pytest.param(
        folder,
        id=folder.name if folder.parent == SCENARIOS else folder.parent.name,
        marks=() if folder.name in QUICK else pytest.mark.slow,
    )
    for folder in FOLDERS
]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    items = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    for key, inner in items:
        yield from paths(inner, (*at, key))


def replaced(body: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    changed = copy.copy(body)
    changed[path[0]] = wrong if len(path) == 1 else replaced(body[path[0]], path[1:], wrong)
    return changed


def collect(folder: Path) -> list[Target]:
    targets, _ = arrange(GitSource(Tree(folder)).collect().targets, {})
    return targets


def ask(targets: list[Target]) -> None:
    by_name = {target.name: target for target in targets}
    for target in targets:
        world = World(target, [by_name[tie] for tie in target.ties])
        for view in VIEWS:
            for instance in world.instances(view):
                instance.source_path(("labels", "x"))
        for pod in world.instances("PodSpec"):
            for fact in POD_FACTS:
                world.fact(fact, pod)
        for group in world.instances("NodeGroup"):
            for fact in GROUP_FACTS:
                world.fact(fact, group)
        for kind in (("policy", "PodDisruptionBudget"), ("keda.sh", "ScaledObject")):
            for resource in world.kind(*kind):
                for instance in world.instances_of("Object", resource):
                    world.fact("scale_down", instance)


def mutants(targets: list[Target]) -> Iterator[tuple[Resource, tuple[Any, ...], Any]]:
    for target in targets:
        for resource in target.resources:
            for number, path in enumerate(paths(resource.body)):
                yield resource, path, WRONG[number % len(WRONG)]
                yield resource, path, WRONG[(number * 5 + 3) % len(WRONG)]


@pytest.mark.parametrize("folder", CASES)
def test_no_value_makes_a_join_stumble(folder: Path) -> None:
    targets = collect(folder)
    for resource, path, wrong in mutants(targets):
        if path[0] in ("kind", "apiVersion"):
            continue
        whole = resource.body
        resource.body = replaced(whole, path, wrong)
        try:
            ask(targets)
        except Exception as error:
            raise AssertionError(f"{resource.title} {path} = {wrong!r}: {error!r}") from error
        finally:
            resource.body = whole
