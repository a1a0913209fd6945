"""What a Terraform root as a whole says: budgets, default tags, encryption by default, how its kind is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.patterns import regex
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import merged, text_map
from auditor.views.terraform_values import block, get

if TYPE_CHECKING:
    from auditor.world import World

_TRIAL = regex(
    r"(?:^|[/._@-])(?:dev|test|tests|sandbox|examples?|samples?|e2e|ci|demo|playground)(?=[/._-]|$)"
)


class RootFacts:
    """``facts.root`` of a Terraform block: what its root says for all.

    ``{resources, gpu_groups, clusters, budgets, default_tags, tags, ebs_encrypted, registry_scan, trial}``:
    ``default_tags`` of the providers together, ``tags`` those and the block's own; ``ebs_encrypted`` whether
    volumes are encrypted by default; ``registry_scan`` whether the registry scans images by itself; ``trial``
    whether its path says that it is an example, a test or a development environment.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._roots = world.kind("terraform", "root")
        self._tags = self._default_tags()

    def _default_tags(self) -> Any:
        tags: Any = {}
        for root in self._roots:
            for provider in root.body.get("providers", []):
                stated = get(block(get(provider, "config", {}), "default_tags"), "tags")
                tags = merged(tags, text_map(stated))
        return tags

    def of(self, instance: Instance) -> dict[str, Any]:
        """See the class."""
        resource = instance.resource
        world = self._world
        scanning = "aws_ecr_registry_scanning_configuration"
        return {
            "resources": sum(1 for each in world.target.resources if _managed(each)),
            "gpu_groups": _if_read(self._gpu_groups),
            "clusters": _if_read(lambda: len(world.instances("EksCluster"))),
            "budgets": _if_read(lambda: len(world.kind("terraform", "aws_budgets_budget"))),
            "default_tags": self._tags,
            "tags": self._own_tags(resource),
            "ebs_encrypted": _if_read(self._ebs),
            "registry_scan": _if_read(
                lambda: any(_scans(each) for each in world.kind("terraform", scanning))
            ),
            "trial": _TRIAL.search(f"{world.name}/{resource.origin.file}") is not None,
        }

    def _gpu_groups(self) -> int:
        groups = self._world.instances("NodeGroup")
        mine = [each for each in groups if each.resource.api_version == "terraform"]
        return sum(1 for each in mine if each.value["is_gpu"] is True)

    def _own_tags(self, resource: Resource) -> Any:
        planned = resource.body.get("tags_all")
        if type(planned) is dict:  # A plan has both together.
            return text_map(planned)
        return merged(self._tags, text_map(resource.body.get("tags")))

    def _ebs(self) -> bool:
        listed = self._world.kind("terraform", "aws_ebs_encryption_by_default")
        return any(get(each.body, "enabled", True) is not False for each in listed)


def _if_read(make: Callable[[], Any]) -> Any:
    """What is there; Unknown where it could not all be read."""
    try:
        return make()
    except UnknownUsed as used:
        return used.unknown


def _managed(resource: Resource) -> bool:
    return (
        resource.api_version == "terraform"
        and resource.kind not in ("root", "module")
        and not resource.kind.startswith("data.")
    )


def _scans(configuration: Resource) -> bool:
    rules = configuration.body.get("rule")
    if isinstance(rules, Unknown):
        return True
    return any(_on_push(get(rule, "scan_frequency")) for rule in rules or [])


def _on_push(frequency: Any) -> bool:
    return isinstance(frequency, Unknown) or frequency in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
