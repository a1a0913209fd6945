"""The operators' charts as Argo CD would render them: with the values and the cluster's file of an environment.

A chart is a folder; none is copied here. Karpenter's lies in its Go module (``test_charts.py``). The others are in
chart repositories only; unpacked by hand, they are judged in the same way::

    python -m tests.platform.charts FOLDER      # FOLDER/<chart> for each chart, with its dependencies in charts/
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import kubernetes_validate
import yaml

from auditor.data.cluster_kinds import CLUSTER_KINDS
from tests.platform import definitions
from tests.platform.overlays import PLATFORM, Object, one, read, rendered, strings, with_component
from tools.install import CACHE

KUBERNETES = "1.35"
SERVED = ("monitoring.coreos.com/v1", "policy/v1")
"""What charts ask the API server for before they render a kind of it; wave 1 brings the definitions."""
FIELD = re.compile(r"{{ \.([\w.]+) }}")
SERVICE = re.compile(r"[\w.-]+\.svc\.(?!cluster\.local)[\w-]+[\w.-]*")
FREE = (
    "annotations",
    "labels",
    "nodeSelector",
    "matchLabels",
    "requests",
    "limits",
    "extraArgs",
    "seccompProfile",
)
"""Maps whose keys are the user's; a chart declares them empty, or with examples."""


NO_NAMESPACE = {("apiregistration.k8s.io", "APIService")}
"""What the auditor never reads, beside its own table of kinds."""


class Release(NamedTuple):
    """One chart as an ApplicationSet deploys it: where from, as what, and with which values, the last one winning."""

    chart: str
    version: str
    name: str
    namespace: str
    values: tuple[Object, ...]


def releases(environment: str) -> list[Release]:
    """The charts of an environment, as its ApplicationSets say."""
    objects = rendered(f"clusters/{environment}/applications")
    return [
        each for body in objects if body["kind"] == "ApplicationSet" for each in _releases(body, environment)
    ]


def karpenter(environment: str, folder: Path) -> Release:
    """The chart that takes the Cluster Autoscaler's place; ``folder`` is for a copy of the platform."""
    objects = with_component(f"clusters/{environment}/applications", "clusters/karpenter", folder)
    (body,) = [each for each in objects if each["metadata"]["name"] == "node-autoscaler"]
    (found,) = _releases(body, environment)
    return found


def _releases(body: Object, environment: str) -> Iterator[Release]:
    spec = body["spec"]["template"]["spec"]
    if "sources" not in spec:
        return
    source, cluster = spec["sources"][0], _cluster(environment)
    for element in _elements(body["spec"]["generators"]) or [{}]:
        helm = _filled(source["helm"], {**cluster, **element})
        paths = [PLATFORM / each.removeprefix("$values/") for each in helm["valueFiles"]]
        given = [read(path)[0] for path in paths if path.is_file() or not helm.get("ignoreMissingValueFiles")]
        told = _filled({**source, **spec["destination"]}, {**cluster, **element})
        yield Release(
            told["chart"],
            told["targetRevision"],
            helm["releaseName"],
            told["namespace"],
            (*given, helm["valuesObject"]),
        )


def _elements(generators: list[Any]) -> list[dict[str, Any]]:
    return [
        element
        for each in generators
        for inner in each.get("matrix", {}).get("generators", [])
        for element in inner.get("list", {}).get("elements", [])
    ]


def _cluster(environment: str) -> dict[str, Any]:
    """What the cluster's file gives a template; a role that only Karpenter's Terraform makes is made up."""
    (body,) = read(PLATFORM / f"clusters/{environment}/cluster.yaml")
    role = body["data"]["keda_operator_role_arn"].replace("keda-operator", "karpenter")
    more = {"karpenter_role_arn": role, "karpenter_interruption_queue": "interruptions"}
    return {**body, "data": {**more, **body["data"]}}


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """The value with its Go template fields in place; KeyError for one that nobody knows."""
    if isinstance(value, dict):
        return {key: _filled(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    return FIELD.sub(lambda found: _field(known, found[1]), value) if isinstance(value, str) else value


def _field(known: Any, path: str) -> str:
    for part in path.split("."):
        known = known[part]
    return str(known)


def render(chart: Path, release: Release) -> list[Object]:
    """What a chart becomes. AssertionError with helm's words, also for values that its schema refuses."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(CACHE / "bin/helm"), "template", release.name, str(chart), "--include-crds"]
        command += ["--namespace", release.namespace, "--kube-version", KUBERNETES]
        command += [f"--api-versions={each}" for each in SERVED]
        for number, values in enumerate(release.values):
            path = Path(folder, f"{number}.yaml")
            path.write_text(yaml.safe_dump(values))
            command += ["--values", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def unknown_values(chart: Path, release: Release) -> list[str]:
    """Values of our files that the chart does not have: it would leave them aside without a word.

    What an ApplicationSet gives is for all of its charts, and each reads its own.
    """
    declared = _declared(chart)
    found = {path for values in release.values[:-1] for path in _unknown(values, declared, "")}
    templates = "".join(path.read_text() for path in chart.rglob("templates/**/*.yaml"))
    return sorted(path for path in found if f".Values.{path} " not in templates)


def _declared(chart: Path) -> dict[str, Any]:
    """A chart's values, those of its dependencies under their names."""
    own: dict[str, Any] = read(chart / "values.yaml")[0] if (chart / "values.yaml").is_file() else {}
    for inner in (chart / "charts").glob("*/values.yaml"):
        own[inner.parent.name] = _merged(read(inner)[0], own.get(inner.parent.name) or {})
    return own


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {key: _merged(below[key], above[key]) for key in below if _is_map(below[key], above.get(key))}
    return {**below, **above, **both}


def _is_map(*values: Any) -> bool:
    return all(isinstance(each, dict) for each in values)


def _unknown(values: dict[str, Any], declared: dict[str, Any], at: str) -> Iterator[str]:
    for key, value in values.items():
        if key not in declared:
            yield f"{at}{key}"
        elif key not in FREE and declared[key] and _is_map(value, declared[key]):
            yield from _unknown(value, declared[key], f"{at}{key}.")


def problems(objects: list[Object]) -> dict[str, list[str]]:
    """Object → what the schema of its kind says against it; kinds that the chart itself defines count."""
    own = {
        key: schema
        for body in objects
        if body["kind"] == "CustomResourceDefinition"
        for key, schema in definitions.of_definition(body)
    }
    found = {f"{each['kind']} {each['metadata']['name']}": _problems(each, own) for each in objects}
    return {name: said for name, said in found.items() if said}


def _problems(body: Object, own: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    kind = (body["apiVersion"], body["kind"])
    if body["kind"] == "CustomResourceDefinition":
        return []
    if kind in own:
        return definitions.errors_by(own[kind], _without_nulls(body))
    if kind in definitions.schemas():
        return definitions.errors(body)
    try:
        kubernetes_validate.validate(body, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [str(error.message)]
    return []


def _without_nulls(value: Any) -> Any:
    """As the server takes it: fields that a template left empty are not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def refused(objects: list[Object], release: Release, environment: str) -> list[str]:
    """Objects that the Argo CD project of the operators does not let through."""
    project = one(f"clusters/{environment}/applications", "AppProject", "platform")["spec"]
    namespaces = {each["namespace"] for each in project["destinations"]}
    wide = cluster_wide(objects)
    found = []
    for body in objects:
        kind = (body["apiVersion"].rpartition("/")[0], body["kind"])
        namespace = body["metadata"].get("namespace", release.namespace)
        listed = {"group": kind[0], "kind": kind[1]} in project["clusterResourceWhitelist"]
        if not (listed if kind in wide else namespace in namespaces):
            found.append(f"{kind[1]} {namespace}/{body['metadata']['name']}")
    return found


def cluster_wide(objects: list[Object]) -> set[tuple[str, str]]:
    """(group, kind) of what lies in no namespace: the known kinds, and those that the objects define."""
    found = {each.key for each in CLUSTER_KINDS if not each.namespaced} | NO_NAMESPACE
    for body in objects:
        if body["kind"] == "CustomResourceDefinition" and body["spec"]["scope"] == "Cluster":
            found.add((body["spec"]["group"], body["spec"]["names"]["kind"]))
    return found


def strange_names(objects: list[Object]) -> list[str]:
    """Services called by another domain than the cluster's."""
    found = {name for each in objects for text in strings(each) for name in SERVICE.findall(text)}
    return sorted(found)


def judge(chart: Path, release: Release, environment: str) -> dict[str, Any]:
    """Everything that is wrong with a chart under our values; nothing in it when all is well."""
    objects = render(chart, release)
    found = {
        "values that the chart does not have": unknown_values(chart, release),
        "against the schemas": problems(objects),
        "not allowed by the project": refused(objects, release, environment),
        "names that DNS does not know": strange_names(objects),
    }
    return {what: said for what, said in found.items() if said}


def main(folder: Path) -> int:
    """Judge each chart that lies in a folder, in both environments; 1 when one is not as it should be."""
    wrong = 0
    for environment in ("dev", "prod"):
        with tempfile.TemporaryDirectory() as copy:
            listed = [*releases(environment), karpenter(environment, Path(copy))]
        for release in listed:
            chart = folder / release.chart
            found = judge(chart, release, environment) if chart.is_dir() else {"not there": str(chart)}
            wrong += bool(found)
            print(f"{environment}: {release.chart} {release.version}: {found or 'as it should be'}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
