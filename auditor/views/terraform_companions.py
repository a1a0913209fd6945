"""Terraform blocks that complete another one: a bucket's versioning, a role's policies, a queue's redrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.views.terraform_values import targets_of

if TYPE_CHECKING:
    from auditor.world import World


def companions(world: World, owner: Resource, kind: str, field: str, *names: Any) -> Iterator[Resource]:
    """Blocks of type ``kind`` in the owner's root whose ``field`` refers to the owner.

    A reference to its address counts, and so does a known text equal to one of ``names`` (the owner's name,
    ARN or URL as it is written).
    """
    known = {name for name in names if isinstance(name, str) and name}
    for block in world.at_hand("terraform", kind):
        if world.at_address(owner, block.name) is block and names_owner(block.body.get(field), owner, known):
            yield block


def names_owner(value: Any, owner: Resource, known: set[str]) -> bool:
    """Whether a value refers to the owner, or is one of its known names."""
    if isinstance(value, str):
        return value in known
    return any(address == owner.name for address, _ in targets_of(value))


def identity_of(value: Any) -> str:
    """A text that is equal for equal values, known or not; '' where nothing can be said."""
    from auditor.terraform import identity

    return identity(value) or ""
