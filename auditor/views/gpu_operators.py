"""NVIDIA's GPU Operator: a ClusterPolicy, or the values that Argo CD, Flux or Terraform give its chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views import typed
from auditor.views.interface import Instance
from auditor.views.pods import dig, group_of

if TYPE_CHECKING:
    from auditor.world import World

CHART = "gpu-operator"
_KINDS = {
    ("nvidia.com", "ClusterPolicy"),
    ("argoproj.io", "Application"),
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("terraform", "helm_release"),
}


class GpuOperatorView:
    """The operator's settings in one spelling; ``operator`` in CEL.

    ``{driver, toolkit, device_plugin}`` are booleans with the chart's defaults (all true); ``mig_strategy`` is
    '' where nothing sets it; ``config`` is ``{name, default}`` of the device plugin's ConfigMap, '' where unset;
    ``config_data`` the ConfigMap's keys when the chart makes it.
    """

    name = "GpuOperator"
    variable = "operator"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for a ClusterPolicy and for what may install the chart."""
        group = "terraform" if api_version == "terraform" else group_of(api_version)
        return (group, kind) in _KINDS

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance an installation; nothing for other charts."""
        del world
        for values, at, exact in _values(resource):
            if type(values) is dict:
                yield _instance(resource, values, at, exact)
                return


def _values(resource: Resource) -> Iterator[tuple[Any, Path, bool]]:
    """``(values, where they stand, whether paths below are the source's)``."""
    body = resource.body
    if resource.kind == "ClusterPolicy":
        yield body.get("spec"), ("spec",), True
    elif resource.kind == "HelmRelease" and dig(body, ("spec", "chart", "spec", "chart")) == CHART:
        yield dig(body, ("spec", "values")) or {}, ("spec", "values"), True
    elif resource.kind == "Application":
        yield from _application(body)
    elif resource.kind == "helm_release":
        chart = body.get("chart")
        if isinstance(chart, str) and chart.rsplit("/", 1)[-1] == CHART:
            yield _release(body), ("values",), False


def _application(body: Any) -> Iterator[tuple[Any, Path, bool]]:
    base: Path = ("spec", "source")
    if dig(body, (*base, "chart")) != CHART:
        return
    whole = dig(body, (*base, "helm", "valuesObject"))
    if type(whole) is dict:
        yield whole, (*base, "helm", "valuesObject"), True
    text = dig(body, (*base, "helm", "values"))
    yield _parsed(text) if isinstance(text, str) else {}, (*base, "helm", "values"), False


def _release(body: Any) -> dict[str, Any]:
    """Values files of a helm_release laid over one another, then its ``set`` blocks."""
    joined: dict[str, Any] = {}
    texts = body.get("values")
    for text in texts if type(texts) is list else ():
        joined |= _parsed(text) if isinstance(text, str) else {}
    sets = body.get("set")
    for each in sets if type(sets) is list else ():
        name, value = dig(each, ("name",)), dig(each, ("value",))
        if isinstance(name, str):
            _set(joined, name.split("."), value)
    return joined


def _set(values: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        inner = values.get(step)
        inner = dict(inner) if type(inner) is dict else {}
        values[step] = inner
        values = inner
    values[steps[-1]] = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _parsed(text: str) -> dict[str, Any]:
    from auditor.yamlio import load_stream

    documents = load_stream(text.encode(), "values")
    body = documents[0].body if documents else None
    return body if type(body) is dict else {}


def _instance(resource: Resource, values: dict[str, Any], at: Path, exact: bool) -> Instance:
    fields: dict[str, Path] = {
        "driver": ("driver", "enabled"),
        "toolkit": ("toolkit", "enabled"),
        "device_plugin": ("devicePlugin", "enabled"),
        "mig_strategy": ("mig", "strategy"),
    }
    value: dict[str, Any] = {
        name: _enabled(dig(values, path)) if name != "mig_strategy" else _given(dig(values, path))
        for name, path in fields.items()
    }
    config = dig(values, ("devicePlugin", "config"))
    value["config"] = {
        "name": _given(dig(config, ("name",))),
        "default": _given(dig(config, ("default",))),
    }
    data = dig(config, ("data",))
    value["config_data"] = sorted(data) if type(data) is dict else []
    moved: dict[Path, Path] = {(): at}
    for name, path in fields.items():
        moved[(name,)] = (*at, *path) if exact else at
    moved[("config",)] = (*at, "devicePlugin", "config") if exact else at
    moved[("config_data",)] = moved[("config",)]
    return Instance("GpuOperator", resource, value, moved=moved)


def _enabled(value: Any) -> Any:
    return value if isinstance(value, bool | Unknown) else True


def _given(value: Any) -> Any:
    """'' for what nobody sets."""
    return "" if value is None else typed.text("value", value)
