"""Every view by name. Modules load when a policy asks for their view."""

from __future__ import annotations

from importlib import import_module

from auditor.views.interface import Instance, View

__all__ = ["VIEWS", "Instance", "View", "view"]

VIEWS: dict[str, str] = {
    "PodSpec": "auditor.views.pods:PodSpecView",
    "PodTemplate": "auditor.views.pods:PodTemplateView",
    "Container": "auditor.views.pods:ContainerView",
    "Scaler": "auditor.views.scalers:ScalerView",
    "NodeGroup": "auditor.views.nodegroups:NodeGroupView",
    "ArgoApplication": "auditor.views.argocd:ArgoApplicationView",
    "Dashboard": "auditor.views.dashboards:DashboardView",
    "PrometheusRules": "auditor.views.prometheus_rules:PrometheusRulesView",
    "Object": "auditor.views.objects:ObjectView",
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
