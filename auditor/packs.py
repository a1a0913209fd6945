"""Which policies a run judges by: packs, then names, then the severities and params of the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from auditor.catalog import check_unique, find, load_builtin, load_members
from auditor.errors import UsageError, did_you_mean
from auditor.globs import fits
from auditor.options import Settings
from auditor.policy import Pack, Param, Policy, Selector

_Known = TypeVar("_Known")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "list": list,
    "map": dict,
}


def choose(settings: Settings) -> dict[str, Policy]:
    """The policies that the settings ask for, by code. UsageError for a name that means none.

    Names win over packs: a policy asked for by name runs whether a pack holds it or not. Own policies run
    whatever the packs choose.
    """
    everything = known_policies(settings)
    if settings.policies:
        chosen = _named(everything, settings.policies, live=settings.live)
    else:
        own = {policy.code for policy in settings.own_policies}
        inside = _inside(settings.packs) | own | set(_named(everything, settings.also, live=settings.live))
        chosen = {
            policy.code: policy
            for policy in everything
            if (settings.live or policy.mode != "L") and policy.code in inside
        }
    for name, severity in settings.severities.items():
        for policy in _policies(everything, name, "severity"):
            if policy.code in chosen:
                chosen[policy.code] = msgspec.structs.replace(policy, severity=severity)
    return chosen


def codes_of(settings: Settings) -> set[str]:
    """Codes of the policies that ``settings.policies`` names; UsageError for a name that means none."""
    return set(_named(known_policies(settings), settings.policies, live=settings.live))


def known_policies(settings: Settings) -> list[Policy]:
    """Built-in and own policies, sorted by code; PolicyError when two share a name."""
    builtin = load_builtin()
    if not settings.own_policies:
        return builtin
    return check_unique([*builtin, *settings.own_policies], "own policies")


def params_of(settings: Settings) -> dict[str, dict[str, Any]]:
    """The configured params by policy code. UsageError for one that the policy lacks, or of a wrong type."""
    everything = known_policies(settings) if settings.params else []
    found: dict[str, dict[str, Any]] = {}
    for name, values in settings.params.items():
        for policy in _policies(everything, name, "params"):
            for key, value in values.items():
                _check_param(policy, key, value)
            found.setdefault(policy.code, {}).update(values)
    return found


def _inside(names: Iterable[str]) -> set[str]:
    """Codes of the built-in policies in any of the packs; UsageError for an unknown pack."""
    packs = load_members()
    return {code for name in names for code in _pack(packs, name)}


def _pack(packs: Mapping[str, _Known], name: str) -> _Known:
    if name not in packs:
        raise UsageError(f"no pack is called {name!r}{did_you_mean(name, packs)}")
    return packs[name]


def members(
    names: Iterable[str], packs: Mapping[str, Pack], policies: Sequence[Policy], seen: tuple[str, ...] = ()
) -> set[str]:
    """Codes of the policies in any of the packs, worked out; UsageError for an unknown pack or a circle of packs."""
    codes: set[str] = set()
    for name in names:
        pack = _pack(packs, name)
        if name in seen:
            raise UsageError(f"pack {name!r} extends itself: {' → '.join((*seen, name))}")
        inside = members(pack.extends, packs, policies, (*seen, name))
        inside |= {policy.code for policy in policies if _any(pack.include, policy)}
        codes |= inside - {policy.code for policy in policies if _any(pack.exclude, policy)}
    return codes


def selects(selector: Selector, policy: Policy) -> bool:
    """Whether a policy has everything that the selector names; an empty selector takes all."""
    return (
        (not selector.categories or policy.category in selector.categories)
        and (not selector.severities or policy.severity in selector.severities)
        and (not selector.codes or _matches(selector.codes, (policy.code,)))
        and (not selector.controls or _matches(selector.controls, policy.controls))
    )


def _any(selectors: Iterable[Selector], policy: Policy) -> bool:
    return any(selects(selector, policy) for selector in selectors)


def _matches(patterns: Iterable[str], values: Sequence[str]) -> bool:
    return any(fits(value, pattern) for pattern in patterns for value in values)


def _named(everything: Sequence[Policy], names: Iterable[str], *, live: bool) -> dict[str, Policy]:
    wanted: dict[str, Policy] = {}
    for name in names:
        found = find(everything, name)
        if not found:
            raise UsageError(f"no policy is called {name!r}; `auditor policy list` shows them all")
        if not live and all(policy.mode == "L" for policy in found):
            raise UsageError(f"{name} is judged by the live audit only: {found[0].live_reason}")
        wanted |= {policy.code: policy for policy in found if live or policy.mode != "L"}
    return {policy.code: policy for policy in everything if policy.code in wanted}


def _policies(everything: Sequence[Policy], name: str, table: str) -> list[Policy]:
    found = find(everything, name)
    if not found:
        names = [policy.code for policy in everything] + [policy.id for policy in everything]
        raise UsageError(f"[{table}] names no policy: {name!r}{did_you_mean(name, names)}")
    return found


def _check_param(policy: Policy, key: str, value: object) -> None:
    where = f"params.{policy.code}.{key}"
    param: Param | None = policy.params.get(key)
    if param is None:
        raise UsageError(f"{where}: {policy.id} has no such parameter{did_you_mean(key, policy.params)}")
    boolean = isinstance(value, bool)
    if not isinstance(value, _TYPES[param.type]) or boolean != (param.type == "boolean"):
        raise UsageError(f"{where} is {value!r}: a value of type {param.type} is wanted")
