"""What all readers of metrics share: the client, the windows, what the readings before said of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from auditor.sources.prometheus.client import Client, Failed
from auditor.sources.prometheus.options import PrometheusOptions
from auditor.sources.prometheus.queries import LABELS, filled
from auditor.usage.series import Series, Window, window_before

API_VERSION = "metrics/v1"


class Row(NamedTuple):
    """One thing that metrics speak of, as it becomes a resource."""

    kind: str
    namespace: str
    name: str
    body: dict[str, Any]


class NodeLabels(NamedTuple):
    """What a node's labels say of its price; '' where they do not."""

    instance_type: str = ""
    region: str = ""
    spot: bool = False


class NoSeries(Failed):
    """The server has nothing of what was asked: nobody scrapes it, or there is none. Nothing failed."""


class Asking:
    """Questions of one run. Each is asked once, whoever needs its answer."""

    def __init__(
        self, client: Client, options: PrometheusOptions, now: float, known: Mapping[str, NodeLabels]
    ) -> None:
        self._client, self._options = client, options
        self.usage = window_before(now, options.days, options.step)
        self.gpu = window_before(now, options.days, options.gpu_step)
        self._known = known
        self._answers: dict[tuple[str, Window], list[Series]] = {}
        self.series = 0
        """How many the server gave."""

    def range(self, query: str, window: Window, *, keep: bool = True) -> list[Series]:
        """The matrix of a question. What nobody else asks for need not be kept."""
        found = self._answers.get((query, window))
        if found is None:
            found = self._client.range(filled(query, window, self._options.selector), window)
            self.series += len(found)
        if keep:
            self._answers[query, window] = found
        return found

    def instant(self, query: str, window: Window, look_back: int = 0) -> list[Series]:
        """The vector of a question at a window's end."""
        return self._client.instant(filled(query, window, self._options.selector, look_back), window.end)

    def names(self) -> list[str]:
        """The names of all metrics in the window of usage."""
        return self._client.names(self.usage, self._options.selector)

    @cached_property
    def labels(self) -> Mapping[str, NodeLabels]:
        """Labels by node: those of kube-state-metrics, and what the cluster itself told."""
        told = {each.labels.get("node", ""): _labels(each.labels) for each in self.instant(LABELS, self.gpu)}
        return {**{name: each for name, each in told.items() if each.instance_type}, **self._known}


def _labels(labels: Mapping[str, str]) -> NodeLabels:
    spot = (
        labels.get("label_karpenter_sh_capacity_type") == "spot"
        or labels.get("label_eks_amazonaws_com_capacitytype") == "SPOT"
    )
    kind = labels.get("label_node_kubernetes_io_instance_type", "")
    return NodeLabels(kind, labels.get("label_topology_kubernetes_io_region", ""), spot)


def priced(labels: NodeLabels | None) -> dict[str, Any]:
    """The fields of a body that its price hangs on."""
    found = labels or NodeLabels()
    return {"instance_type": found.instance_type, "region": found.region, "spot": found.spot}


def by_node(series: Iterable[Series]) -> dict[str, Mapping[int, float]]:
    """Points by the label ``node``."""
    return {each.labels["node"]: each.points for each in series if each.labels.get("node")}


def span(window: Window) -> dict[str, Any]:
    """How a body tells its window."""
    return {"from": window.start, "to": window.end, "step": window.step, "days": window.seconds / 86_400}
