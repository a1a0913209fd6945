"""What Argo CD deploys: an Application, or the template that an ApplicationSet makes Applications from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.views.interface import Instance
from auditor.views.pods import dig, group_of

if TYPE_CHECKING:
    from auditor.world import World

GROUP = "argoproj.io"
_SPECS: dict[str, tuple[Path, Path]] = {
    "Application": (("spec",), ("metadata",)),
    "ApplicationSet": (("spec", "template", "spec"), ("spec", "template", "metadata")),
}
"""Where spec and metadata of the Application stand, by kind."""


class ArgoApplicationView:
    """One Application in one spelling; ``app`` in CEL.

    ``{name, project, sources, destination, syncPolicy, ignoreDifferences, metadata, templated, …}``: the spec,
    with ``source`` as the only element of ``sources`` when ``sources`` is not written, the Application's
    ``metadata``, and ``templated``: it stands in an ApplicationSet. ``sources`` and ``destination`` are there
    always; what else is missing in the spec is missing here.
    """

    name = "ArgoApplication"
    variable = "app"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for Argo CD's Application and ApplicationSet."""
        return group_of(api_version) == GROUP and kind in _SPECS

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a resource; an ApplicationSet whose template is patched by an expression gives none."""
        spec_path, metadata_path = _SPECS[resource.kind]
        spec, metadata = dig(resource.body, spec_path), dig(resource.body, metadata_path)
        if type(spec) is not dict or dig(resource.body, ("spec", "templatePatch")) is not None:
            return
        metadata = metadata if type(metadata) is dict else {}
        value: dict[str, Any] = {
            **spec,
            "name": metadata.get("name", resource.name),
            "sources": _sources(spec),
            "destination": spec.get("destination", {}),
            "metadata": metadata,
            "templated": resource.kind == "ApplicationSet",
        }
        moved: dict[Path, Path] = {
            (): spec_path,
            ("metadata",): metadata_path,
            ("name",): (*metadata_path, "name"),
        }
        if "sources" not in spec:
            moved["sources",] = (*spec_path, "source")
            moved["sources", 0] = (*spec_path, "source")
        yield Instance("ArgoApplication", resource, value, moved=moved)


def _sources(spec: dict[str, Any]) -> Any:
    if "sources" in spec:
        return spec["sources"]
    return [spec["source"]] if "source" in spec else []
