"""In which AWS region and account a Terraform block lies, as far as the code says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World


def region_of(world: World, resource: Resource) -> Any:
    """The region of the block or of its root's default AWS provider; Unknown where neither says."""
    found = (
        resource.body.get("region")
        or _argument(world, resource, "region")
        or _read(world, resource, "region")
    )
    if found is not None:
        return found
    return Unknown(f"the AWS region of {resource.title} is not in the code", 'set region in provider "aws"')


def account_of(world: World, resource: Resource) -> Any:
    """The one account that the root's default AWS provider allows; Unknown where it allows any."""
    read = _read(world, resource, "account_id")
    if read is not None:
        return read
    allowed = _argument(world, resource, "allowed_account_ids")
    if isinstance(allowed, list) and len(allowed) == 1:
        return allowed[0]
    return Unknown(
        f"the AWS account of {resource.title} is not in the code",
        'set allowed_account_ids in provider "aws" to the account that the root is for',
    )


def _read(world: World, resource: Resource, name: str) -> Any:
    """What is known of the account in which a live resource was read; None for Git's."""
    for account in world.at_hand("terraform", "aws_account"):
        if world.at_address(account, resource.name) is resource:
            return account.body.get(name)
    return None


def _argument(world: World, resource: Resource, name: str) -> Any:
    for provider in _providers(world, resource):
        if provider.get("name") == "aws" and not provider.get("alias"):
            config = provider.get("config")
            return config.get(name) if type(config) is dict else config
    return None


def _providers(world: World, resource: Resource) -> list[dict[str, Any]]:
    for target in (world.target, *world.tied):
        roots = [each for each in target.resources if (each.api_version, each.kind) == ("terraform", "root")]
        if roots and world.at_address(roots[0], resource.name) is resource:
            found = roots[0].body.get("providers")
            return records(found)
    return []
