"""Terraform ↔ account: what is declared and not there, and what is there otherwise."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from auditor.drift.account import COMPARED, Accounts, changes, names_of, resolved
from auditor.model import Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

_SHOWN = 80


class AccountDrift:
    """``facts.account_drift`` of a Terraform block: ``{compared, missing, name, changes, ref}``.

    ``compared`` is false for types that are not compared, for blocks without a name that is known, for roots of which
    less than half is in the accounts that were read, and where none was. ``changes`` are ``{at, path, want, have}``;
    ``at`` is a path of the block. Unknown where an account could not be read, or several fit.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts = world.shared("accounts", lambda: Accounts(world.around.targets))

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        nothing: dict[str, Any] = {"compared": False, "missing": False, "name": "", "changes": [], "ref": ""}
        if not self._accounts.targets or resource.kind not in COMPARED or self._world.is_live:
            return nothing
        resolve = partial(resolved, self._world)
        names = names_of(resource, resolve)
        if isinstance(names, Unknown) or not self._accounts.hold(self._world.target, resolve):
            return nothing
        found = self._accounts.match(resource.kind, names)
        if isinstance(found, Unknown):
            return found
        if found is None:
            return nothing | {"compared": True, "missing": True, "name": "/".join(names)}
        rows = [
            self._row(resource, change.path, change.want, change.have) for change in changes(resource, found)
        ]
        return nothing | {"compared": True, "changes": rows, "ref": self._world.ref(found)}

    def _row(self, resource: Resource, path: Any, want: Any, have: Any) -> dict[str, str]:
        at = render(resource.body, path)
        return {
            "at": at,
            "path": at,
            "want": _shown(want),
            "have": "not set" if have is None else _shown(have),
        }


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
