"""What a pod asks of a node, as the scheduler counts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from auditor.quantity import QuantityError, parse_quantity
from auditor.unknown import Unknown, UnknownUsed

MIB = 1024 * 1024
_PLAIN = ("cpu", "memory", "ephemeral-storage")


class Needs(NamedTuple):
    """CPU in millicores, memory and disk in MiB, extended resources by name."""

    cpu_m: Fraction
    memory_mib: Fraction
    ephemeral_mib: Fraction
    extended: dict[str, int]


def needs(pod: dict[str, Any]) -> Needs:
    """The pod's effective requests.

    Containers and sidecars together, or the greediest init container with the sidecars started before it,
    whichever is more; plus the overhead. A missing request is the limit, else nothing. Raises
    :class:`UnknownUsed` when an amount cannot be read.
    """
    running: dict[str, Fraction] = {}
    peak: dict[str, Fraction] = {}
    for container in _listed(pod, "initContainers"):
        wanted = _requests(container)
        if container.get("restartPolicy") == "Always":
            _add(running, wanted)
        else:
            _raise(peak, {name: running.get(name, Fraction(0)) + amount for name, amount in wanted.items()})
        _raise(peak, running)
    for container in _listed(pod, "containers"):
        _add(running, _requests(container))
    _raise(peak, running)
    overhead = pod.get("overhead")
    if type(overhead) is dict:
        _add(peak, {name: _amount(name, value) for name, value in overhead.items()})
    return _shaped(peak)


def _shaped(total: dict[str, Fraction]) -> Needs:
    extended = {
        name: int(amount)
        for name, amount in sorted(total.items())
        if name not in _PLAIN and "/" in name and amount
    }
    return Needs(
        total.get("cpu", Fraction(0)) * 1000,
        total.get("memory", Fraction(0)) / MIB,
        total.get("ephemeral-storage", Fraction(0)) / MIB,
        extended,
    )


def _listed(pod: dict[str, Any], field: str) -> Iterator[dict[str, Any]]:
    found = pod.get(field)
    if isinstance(found, Unknown):
        raise UnknownUsed(found)
    for container in found if type(found) is list else ():
        if type(container) is dict:
            yield container


def _requests(container: dict[str, Any]) -> dict[str, Fraction]:
    resources = container.get("resources")
    if type(resources) is not dict:
        return {}
    found: dict[str, Fraction] = {}
    for section in ("limits", "requests"):
        listed = resources.get(section)
        for name, value in listed.items() if type(listed) is dict else ():
            found[name] = _amount(name, value)
    return found


def _amount(name: str, value: Any) -> Fraction:
    if isinstance(value, Unknown):
        raise UnknownUsed(value)
    try:
        return parse_quantity(value)
    except (QuantityError, TypeError) as error:
        unreadable = Unknown(f"{name} is {value!r}, which is no quantity", "write it as 500m, 4 or 16Gi")
        raise UnknownUsed(unreadable) from error


def _add(total: dict[str, Fraction], more: dict[str, Fraction]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, Fraction(0)) + amount


def _raise(total: dict[str, Fraction], other: dict[str, Fraction]) -> None:
    for name, amount in other.items():
        total[name] = max(total.get(name, Fraction(0)), amount)
