"""What a scaler's Prometheus queries compute, and whether they can wake a workload that has no pods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from auditor.data._tables import nearest
from auditor.facts.keda_target import together
from auditor.facts.keda_triggers import triggers_of
from auditor.facts.promql_tree import Node, read
from auditor.model import Resource
from auditor.paths import render
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

RATES = ("rate", "irate", "increase", "delta")
OWN_LABELS = ("app", "container", "deployment", "job", "pod", "service", "app_kubernetes_io_name")
GATEWAYS = ("nginx_ingress", "istio_", "envoy_", "traefik_", "haproxy_", "kong_", "apisix_", "aws_", "kube_")
"""Metrics of what stands before a workload and lives on without it."""

_LATENCY = regex(r"latency|duration|_seconds_(sum|bucket)$|time_to_first_token|response_time")
_ADDRESS = regex(
    r"https?://(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?(?::\d+)?(?:/.*)?"
)


class KedaPrometheus:
    """``facts.keda_prometheus`` of a scaler: one row for each Prometheus trigger.

    ``{at, path, unclamped, understated, ratio_mean, many, wakes, service}``. ``unclamped``: a denominator of rates
    that may be zero. ``understated``: the floor of 1 or more under such a denominator (0 when there is none).
    ``ratio_mean``: it averages or adds quotients of single pods. ``many``: the labels by which it gives several
    results. ``wakes``: it can rise while the workload has no pod. Each is Unknown when the query cannot be read.
    ``service``: ``{found, why, at}`` of a serverAddress inside the cluster.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        scaler = instance.resource
        return [
            self._row(scaler, index, trigger["metadata"])
            for index, trigger in triggers_of(scaler)
            if trigger.get("type") == "prometheus" and type(trigger.get("metadata")) is dict
        ]

    def _row(self, scaler: Resource, index: int, metadata: dict[str, Any]) -> dict[str, Any]:
        path = ("spec", "triggers", index, "metadata")
        query = metadata.get("query")
        tree = read(query) if isinstance(query, str) else Unknown("the trigger has no query", "write one")
        if isinstance(tree, Unknown):
            said: dict[str, Any] = dict.fromkeys(
                ("unclamped", "understated", "ratio_mean", "many", "wakes"), tree
            )
        else:
            said = {
                "unclamped": any(_may_be_zero(each) for each in _denominators(tree)),
                "understated": max((_floor(each) for each in _denominators(tree)), default=0.0),
                "ratio_mean": any(_averages_quotients(each) for each in tree.walk()),
                "many": ", ".join(_kept(tree)),
                "wakes": _wakes(tree, _target_name(scaler)),
            }
        said |= {"at": render(scaler.body, (*path, "query")), "path": render(scaler.body, path)}
        return said | {"service": self._service(scaler, index, metadata.get("serverAddress"))}

    def _service(self, scaler: Resource, index: int, address: Any) -> dict[str, Any]:
        """Whether the Service behind an address inside the cluster is there."""
        at = render(scaler.body, ("spec", "triggers", index, "metadata", "serverAddress"))
        answer: dict[str, Any] = {"found": True, "inside": False, "why": "", "at": at}
        found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
        if found is None:
            return answer
        name, namespace = found["name"], found["namespace"]
        services = [each for each in self._world.kind("", "Service") if each.namespace == namespace]
        beside = [each for each in services if together(self._world, each, scaler)]
        answer["inside"] = True
        if any(each.name == name for each in services):
            return answer
        names = sorted({each.name for each in beside if _may_be_prometheus(each)})
        if not names or name.endswith("-operated"):
            reason = (
                f"no Service {name} in namespace {namespace} is among the manifests of {self._world.name}"
            )
            return answer | {
                "found": Unknown(reason, "audit the manifests of the monitoring stack with these")
            }
        meant = nearest(name, names) or ", ".join(names[:3])
        return answer | {"found": False, "why": f"namespace {namespace} has Service {meant}, not {name}"}


def _may_be_prometheus(service: Resource) -> bool:
    """Whether a Service answers Prometheus queries: by its name or its port."""
    ports = dig(service.body, ("spec", "ports"))
    numbers = [each.get("port") for each in (ports if type(ports) is list else ()) if type(each) is dict]
    return 9090 in numbers or any(
        word in service.name for word in ("prometheus", "thanos", "mimir", "victoria")
    )


def _target_name(scaler: Resource) -> str:
    found = dig(scaler.body, ("spec", "scaleTargetRef", "name"))
    return found if isinstance(found, str) else scaler.name


def _denominators(tree: Node) -> list[Node]:
    return [node.args[1] for node in tree.walk() if node.kind == "binary" and node.name == "/"]


def _may_be_zero(node: Node) -> bool:
    """A denominator made of rates falls to 0 with the traffic, unless something holds it up."""
    if node.kind == "call" and node.name in ("clamp_min", "clamp"):
        return False
    if node.kind == "binary" and node.name in (">", ">=", "!=", "+"):
        return False
    return node.any(*RATES) and not _is_held(node)


def _is_held(node: Node) -> bool:
    """Whether a clamp or a comparison stands somewhere between the aggregations and the rates."""
    return node.any("clamp_min", "clamp", "count", "group") or any(
        each.kind == "binary" and each.name in (">", "!=") for each in node.walk()
    )


def _floor(node: Node) -> float:
    """The floor of 1 or more that a clamp puts under rates a second; 0 when there is none."""
    for each in node.walk():
        if each.kind == "call" and each.name == "clamp_min" and len(each.args) == 2:
            floor = _number(each.args[1])
            if each.args[0].any("rate", "irate") and floor >= 1:
                return floor
    return 0.0


def _number(node: Node) -> float:
    try:
        return float(node.name) if node.kind == "number" else 0.0
    except ValueError:
        return 0.0


def _averages_quotients(node: Node) -> bool:
    """``avg(rate(a) / rate(b))``: the mean of single quotients, where busy and idle pods weigh the same."""
    if node.kind != "aggregation" or node.name not in ("avg", "sum") or len(node.args) != 1:
        return False
    quotient = node.args[0]
    if quotient.kind != "binary" or quotient.name != "/":
        return False
    return all(
        side.any("rate", "irate", "increase") and not any(each.kind == "aggregation" for each in side.walk())
        for side in quotient.args
    )


def _kept(node: Node) -> list[str]:
    """Labels that the result keeps by request: KEDA takes a query that gives one element only."""
    if node.kind == "aggregation" and node.name not in ("topk", "bottomk"):
        return [each for each in node.keeps if each != "*"]
    if node.kind == "binary":
        return [label for side in node.args for label in _kept(side)]
    if node.kind == "call" and node.name in ("histogram_quantile", "histogram_fraction"):
        return [label for arg in node.args for label in _kept(arg) if label != "le"]
    if node.kind == "call" and node.name not in ("scalar", "vector", "absent", "time"):
        return [label for arg in node.args for label in _kept(arg)]
    return []


def _wakes(tree: Node, target: str) -> bool:
    """Whether some metric of the query is there, and may rise, while the target has no pod."""
    selectors = [node for node in tree.walk() if node.kind == "selector"]
    if tree.any("histogram_quantile") or any(_LATENCY.search(each.name) for each in selectors):
        return False
    return not selectors or not all(_is_own(each, target) for each in selectors)


def _is_own(selector: Node, target: str) -> bool:
    """Whether the target's own pods give the metric: a matcher names them."""
    if selector.name.startswith(GATEWAYS):
        return False
    texts = [
        text.lstrip("=~") for label, text in selector.labels.items() if label in OWN_LABELS and text[0] == "="
    ]
    return any(re.match(rf"{re.escape(target)}($|[-.*(])", text) is not None for text in texts)
