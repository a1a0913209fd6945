"""ServiceMonitor ↔ Service ↔ pods ↔ Prometheus: does anybody scrape what should be scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.neighbours import ELSEWHERE, may_share_namespace, nearby, nearest
from auditor.facts.pods import POD_KINDS, PodSource, neighbours_of, pods_of
from auditor.facts.selectors import LabelIndex, Selector, of_selector, plain_labels
from auditor.facts.services import SERVICE, listed
from auditor.facts.services import selector_of as service_selector
from auditor.model import Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

GROUP = "monitoring.coreos.com"
SERVICE_MONITOR = (GROUP, "ServiceMonitor")
POD_MONITOR = (GROUP, "PodMonitor")
SCRAPE_ANNOTATION = "prometheus.io/scrape"


def namespaces_of(monitor: Resource) -> tuple[str | None, ...]:
    """The namespaces a monitor looks into; None is every one."""
    chosen = dig(monitor.body, ("spec", "namespaceSelector"))
    if type(chosen) is dict and chosen.get("any") is True:
        return (None,)
    names = chosen.get("matchNames") if type(chosen) is dict else None
    if type(names) is list and names:
        return tuple(name for name in names if type(name) is str)
    return (monitor.namespace,)


class Monitors:
    """``facts.monitor`` of a ServiceMonitor or PodMonitor: ``{selector, found, what, endpoints, prometheus, refs}``.

    ``found``: whether it selects a Service (or pod) of the target. ``endpoints``: ``[{at, port, found}]``, one an
    endpoint that names its port. ``prometheus``: ``[{title, selects, ref}]`` of every Prometheus in the target;
    of loose files those of other folders only where they select it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._pods = pods_of(world)
        self._services: LabelIndex[Resource] = LabelIndex()
        for service in world.kind(*SERVICE):
            self._services.add(service.namespace, plain_labels(service.labels), service)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        monitor = instance.resource
        selector = of_selector(dig(monitor.body, ("spec", "selector")))
        by_service = monitor.kind == "ServiceMonitor"
        services = self.services(monitor) if by_service else []
        pods = [] if by_service else self.pods(monitor)
        return {
            "selector": "nothing" if selector is None else selector.text() or "everything",
            "what": "Service" if by_service else "pod",
            "found": bool(services or pods) or self._missing(monitor, selector),
            "endpoints": self._endpoints(monitor, services, pods),
            "prometheus": self._servers(monitor),
            "refs": [self._world.ref(each, ("metadata", "labels")) for each in services]
            + [self._world.ref(pod.resource, (*pod.base, "metadata", "labels")) for pod in pods],
        }

    def services(self, monitor: Resource) -> list[Resource]:
        """The nearest Services that a ServiceMonitor may select."""
        selector = of_selector(dig(monitor.body, ("spec", "selector")))
        found = [] if selector is None else list(self._services.find(selector, _scopes(monitor)))
        return nearest(self._world, monitor, found, lambda each: each)

    def pods(self, monitor: Resource) -> list[PodSource]:
        """The nearest pods that a PodMonitor may select."""
        selector = of_selector(dig(monitor.body, ("spec", "selector")))
        if selector is None:
            return []
        found = [
            pod for name in _scopes(monitor) for pod in self._pods.find_all(selector.declared(), name or "")
        ]
        return nearest(self._world, monitor, found, lambda pod: pod.resource)

    def _missing(self, monitor: Resource, selector: Selector | None) -> bool | Unknown:
        if selector is None:
            return False
        service = monitor.kind == "ServiceMonitor"
        kinds = (SERVICE,) if service else POD_KINDS
        names = [value for each in selector.requirements for value in each.values]
        namespace = next((name for name in namespaces_of(monitor) if name), monitor.namespace)
        what = f"a {'Service' if service else 'pod'} with {selector.text() or 'any label'}"
        return neighbours_of(self._world).missing(monitor, what, kinds, names, namespace)

    def _endpoints(
        self, monitor: Resource, services: list[Resource], pods: list[PodSource]
    ) -> list[dict[str, Any]]:
        field = "endpoints" if monitor.kind == "ServiceMonitor" else "podMetricsEndpoints"
        names = {port.get("name") for each in services for _, port in listed(each.body, ("spec", "ports"))}
        names |= {port.name for pod in pods for port in pod.ports}
        near = any(nearby(self._world)(monitor, each) != ELSEWHERE for each in services)
        near = near or any(nearby(self._world)(monitor, pod.resource) != ELSEWHERE for pod in pods)
        return [
            {
                "at": render(monitor.body, ("spec", field, index)),
                "port": endpoint["port"],
                "found": endpoint["port"] in names or not (services or pods) or _if_near(near),
            }
            for index, endpoint in listed(monitor.body, ("spec", field))
            if type(endpoint.get("port")) is str
        ]

    def _servers(self, monitor: Resource) -> list[dict[str, Any]]:
        distance = nearby(self._world)
        rows = [(server, self._row(monitor, server)) for server in self._world.kind(GROUP, "Prometheus")]
        return [row for server, row in rows if row["selects"] or distance(monitor, server) != ELSEWHERE]

    def _row(self, monitor: Resource, server: Resource) -> dict[str, Any]:
        field = "serviceMonitor" if monitor.kind == "ServiceMonitor" else "podMonitor"
        selector = of_selector(dig(server.body, ("spec", f"{field}Selector")))
        labels = plain_labels(monitor.labels)
        scope = dig(server.body, ("spec", f"{field}NamespaceSelector"))
        reachable = scope is not None or may_share_namespace(server.namespace, monitor.namespace)
        return {
            "title": server.title,
            "selects": selector is not None and selector.matches(labels) and reachable,
            "selector": "nothing" if selector is None else selector.text() or "everything",
            "ref": self._world.ref(server, ("spec", f"{field}Selector")),
        }


def _if_near(near: bool) -> bool | Unknown:
    if near:
        return False
    return Unknown("objects with these labels lie in other folders only", "name the target in auditor.toml")


def _scopes(monitor: Resource) -> tuple[str | None, ...]:
    """The namespaces to look into, those that are not written among them."""
    names = namespaces_of(monitor)
    return (None,) if None in names or "" in names else (*names, "")


class GpuExporter:
    """``facts.gpu_exporter`` of a pod template: ``{is, scraped, present}``.

    ``is``: it runs DCGM exporter. ``scraped``: an annotation, a ServiceMonitor or a PodMonitor reaches it; Unknown
    where the target scrapes nothing at all that way. ``present``: the target holds an exporter.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._exporters = [pod for pod in pods_of(world).all if pod.exporter]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        exporter = next((pod for pod in self._exporters if pod.resource is instance.resource), None)
        return {
            "is": exporter is not None,
            "scraped": exporter is None or self._scraped(exporter),
            "present": bool(self._exporters),
            "refs": [self._world.ref(pod.resource) for pod in self._exporters],
        }

    def _scraped(self, exporter: PodSource) -> bool | Unknown:
        annotations = dig(exporter.resource.body, (*exporter.base, "metadata", "annotations"))
        services = [each for each in self._world.kind(*SERVICE) if _serves(each, exporter)]
        if _is_marked(annotations) or any(_is_marked(each.annotations) for each in services):
            return True
        monitors = self._world.get_fact("monitor")
        assert isinstance(monitors, Monitors)
        by_service = self._world.kind(*SERVICE_MONITOR)
        by_pod = self._world.kind(*POD_MONITOR)
        if any(each in services for monitor in by_service for each in monitors.services(monitor)):
            return True
        if any(pod.resource is exporter.resource for monitor in by_pod for pod in monitors.pods(monitor)):
            return True
        if by_service or by_pod:
            return False
        return Unknown(
            "nothing in Git says what Prometheus scrapes", "audit it together with the monitoring stack"
        )


def _serves(service: Resource, pod: PodSource) -> bool:
    selector = service_selector(service)
    same = may_share_namespace(service.namespace, pod.resource.namespace)
    return same and selector is not None and selector.declared().matches(pod.labels)


def _is_marked(annotations: Any) -> bool:
    return type(annotations) is dict and str(annotations.get(SCRAPE_ANNOTATION)).lower() == "true"
