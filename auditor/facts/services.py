"""Service ↔ pods, Ingress ↔ Service, StatefulSet ↔ Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.neighbours import ELSEWHERE, may_share_namespace, nearby, nearest
from auditor.facts.pods import PodIndex, PodSource, neighbours_of, pods_of, surely
from auditor.facts.selectors import Selector, of_labels, plain_labels
from auditor.model import Path, Resource
from auditor.paths import render
from auditor.placeholders import has_placeholder
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import TEMPLATES, dig

if TYPE_CHECKING:
    from auditor.world import World

SERVICE = ("", "Service")


def listed(body: Any, path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The maps in the list at a path, with their places."""
    found = dig(body, path)
    items = enumerate(found) if type(found) is list else ()
    return [(index, each) for index, each in items if type(each) is dict]


class ServiceBackends:
    """``facts.service`` of a Service: ``{selector, found, gpu, workloads, refs, ports}``.

    ``found``: whether its selector matches pods of the target; true where it has none (somebody else writes its
    endpoints). ``ports``: ``[{at, name, port, target, named, found}]``, ``found`` saying whether the nearest pods
    declare that port, or declare none at all.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._pods: PodIndex = pods_of(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        service = instance.resource
        selector = selector_of(service)
        found = self._pods.find(selector, service)
        return {
            "selector": selector.text() if selector else "",
            "found": self._found(service, selector, found),
            "gpu": any(pod.gpu for pod in surely(service, found)),
            "workloads": [pod.resource.title for pod in found],
            "refs": [self._world.ref(pod.resource, (*pod.base, "metadata", "labels")) for pod in found],
            "ports": [
                self._port(service, index, port, found) for index, port in listed(service.body, _PORTS)
            ],
        }

    def _found(self, service: Resource, selector: Selector | None, found: list[PodSource]) -> bool | Unknown:
        if found or selector is None or selector.empty:
            return True
        return self._pods.missing(service, selector, f"a pod with {selector.text()}")

    def _port(
        self, service: Resource, index: int, port: dict[str, Any], found: list[PodSource]
    ) -> dict[str, Any]:
        target = port.get("targetPort", port.get("port", ""))
        return {
            "at": render(service.body, (*_PORTS, index)),
            "name": port.get("name", ""),
            "port": port.get("port", 0),
            "target": str(target),
            "named": type(target) is str and not target.isdigit(),
            "found": self._declares(service, target, found),
        }

    def _declares(self, service: Resource, target: Any, found: list[PodSource]) -> bool | Unknown:
        whole = [pod for pod in found if not pod.fragment]
        declared = [port for pod in whole for port in pod.ports]
        wanted = str(target)
        if not whole or any(wanted in (port.name, str(port.number)) for port in declared):
            return True
        named = type(target) is str and not target.isdigit()
        if not named and not declared:
            return True
        measure = nearby(self._world)
        if all(measure(service, pod.resource) == ELSEWHERE for pod in whole):
            return Unknown(
                f"pods with these labels lie in other folders only ({whole[0].resource.title}, …)",
                "name the target in auditor.toml, so that only its manifests are joined",
            )
        return False


_PORTS: Path = ("spec", "ports")


def selector_of(service: Resource) -> Selector | None:
    """A Service's selector; None where it has none and another writes its endpoints."""
    spec = service.body.get("spec")
    if type(spec) is not dict or spec.get("type") == "ExternalName" or not spec.get("selector"):
        return None
    return of_labels(spec["selector"])


class ServedBy:
    """``facts.served_by`` of a workload: ``{services: [{title, headless, ref}]}`` that surely send it traffic."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_pods: dict[int, list[Resource]] = {}
        pods = pods_of(world)
        for service in world.kind(*SERVICE):
            for pod in surely(service, pods.find(selector_of(service), service)):
                self._by_pods.setdefault(id(pod.resource), []).append(service)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        return {"services": [self._row(service) for service in self._by_pods.get(id(instance.resource), ())]}

    def _row(self, service: Resource) -> dict[str, Any]:
        return {
            "title": service.title,
            "headless": dig(service.body, ("spec", "clusterIP")) == "None",
            "ref": self._world.ref(service, ("spec", "selector")),
        }


class IngressBackends:
    """``facts.ingress`` of an Ingress: ``{backends: [{service, port, at, found, port_found, refs}]}``.

    ``port_found`` is true where the Service itself is not there, and Unknown where a program fills a port in.
    Backends that an ingress controller reads from
    annotations (the port ``use-annotation`` of the AWS controller) and resource backends are left out.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._services: dict[str, list[Resource]] = {}
        for service in world.kind(*SERVICE):
            self._services.setdefault(service.name, []).append(service)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        ingress = instance.resource
        rows = []
        for path, backend in _backends(ingress):
            name, port = _backend_of(backend)
            if name and port != "use-annotation":
                rows.append(self._row(ingress, path, name, port))
        return {"backends": rows}

    def _row(self, ingress: Resource, path: Path, name: str, port: str) -> dict[str, Any]:
        found = find_named(self._world, ingress, self._services.get(name, []))
        return {
            "service": name,
            "port": port,
            "at": render(ingress.body, path),
            "found": bool(found)
            or neighbours_of(self._world).missing(ingress, f"Service {name}", (SERVICE,), (name,)),
            "port_found": not found or not port or _has_port(found, port),
            "refs": [self._world.ref(each, _PORTS) for each in found],
        }


def find_named(world: World, resource: Resource, named: list[Resource]) -> list[Resource]:
    """The nearest of the resources of one name that may share the namespace."""
    fitting = [each for each in named if may_share_namespace(each.namespace, resource.namespace)]
    return nearest(world, resource, fitting, lambda each: each)


def _backends(ingress: Resource) -> list[tuple[Path, dict[str, Any]]]:
    rows: list[tuple[Path, dict[str, Any]]] = []
    for field in ("defaultBackend", "backend"):
        found = dig(ingress.body, ("spec", field))
        if type(found) is dict:
            rows.append((("spec", field), found))
    for index, rule in listed(ingress.body, ("spec", "rules")):
        for number, path in listed(rule, ("http", "paths")):
            if type(path.get("backend")) is dict:
                rows.append((("spec", "rules", index, "http", "paths", number, "backend"), path["backend"]))
    return rows


def _backend_of(backend: dict[str, Any]) -> tuple[str, str]:
    """``(service, port)``, '' where unsaid; both spellings of the API."""
    service = backend.get("service")
    if type(service) is dict:
        port = service.get("port")
        value = (port.get("number") or port.get("name") or "") if type(port) is dict else ""
        return str(service.get("name", "")), str(value)
    return str(backend.get("serviceName", "")), str(backend.get("servicePort", ""))


def _has_port(services: list[Resource], port: str) -> bool | Unknown:
    ports = {each for service in services for each in _service_ports(service)}
    if port in ports:
        return True
    filled_in = next((each for each in sorted({port, *ports}) if has_placeholder(each)), None)
    if filled_in is None:
        return False
    return Unknown(f"the port {filled_in} is filled in later", "audit what the template is filled in to")


def _service_ports(service: Resource) -> set[str]:
    ports = [port for _, port in listed(service.body, _PORTS)]
    return {str(port["port"]) for port in ports if "port" in port} | {
        port["name"] for port in ports if type(port.get("name")) is str
    }


class GoverningService:
    """``facts.governing_service`` of a StatefulSet: ``{name, found, headless, selects, refs}``.

    The Service that ``serviceName`` names; the last three are true where it is not there.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._services: dict[str, list[Resource]] = {}
        for service in world.kind(*SERVICE):
            self._services.setdefault(service.name, []).append(service)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        owner = instance.resource
        name = dig(owner.body, ("spec", "serviceName"))
        if type(name) is not str or not name:
            return {"name": "", "found": True, "headless": True, "selects": True, "refs": []}
        found = find_named(self._world, owner, self._services.get(name, []))
        missing = neighbours_of(self._world)
        return {
            "name": name,
            "found": bool(found) or missing.missing(owner, f"Service {name}", (SERVICE,), (name,)),
            "headless": not found or any(dig(each.body, ("spec", "clusterIP")) == "None" for each in found),
            "selects": not found or any(_selects(each, owner) for each in found),
            "refs": [self._world.ref(each, ("spec",)) for each in found],
        }


def _selects(service: Resource, owner: Resource) -> bool:
    selector = selector_of(service)
    base = TEMPLATES[owner.group, owner.kind]
    labels = plain_labels(dig(owner.body, (*base, "metadata", "labels")))
    return selector is None or selector.declared().matches(labels)
