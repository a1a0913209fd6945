"""Every view by name. Modules load when a policy asks for their view."""

from __future__ import annotations

from importlib import import_module

from auditor.views.interface import Instance, View

__all__ = ["VIEWS", "Instance", "View", "view"]

VIEWS: dict[str, str] = {
    "Container": "auditor.views.pods:ContainerView",
    "Scaler": "auditor.views.scalers:ScalerView",
    "Bucket": "auditor.views.buckets:BucketView",
    "Queue": "auditor.views.queues:QueueView",
    "Identity": "auditor.views.identities:IdentityView",
    "GpuOperator": "auditor.views.gpu_operators:GpuOperatorView",
    "NodeGroup": "auditor.views.nodegroups:NodeGroupView",
    "Object": "auditor.views.objects:ObjectView",
    "PodSpec": "auditor.views.pods:PodSpecView",
    "PodTemplate": "auditor.views.pods:PodTemplateView",
    "Scaler": "auditor.views.scalers:ScalerView",
}
"""View name → ``module:class``."""

_loaded: dict[str, View] = {}


def view(name: str) -> View:
    """The view called ``name``; KeyError when there is none."""
    found = _loaded.get(name)
    if found is None:
        module, _, cls = VIEWS[name].partition(":")
        found = _loaded[name] = getattr(import_module(module), cls)()
    return found
