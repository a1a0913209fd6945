"""Every view by name. Modules load when a policy asks for their view."""

from __future__ import annotations

from importlib import import_module

from auditor.views.interface import Instance, View

__all__ = ["VIEWS", "Instance", "View", "view"]

VIEWS: dict[str, str] = {
    "ArgoApplication": "auditor.views.argocd:ArgoApplicationView",
    "Bucket": "auditor.views.buckets:BucketView",
    "Container": "auditor.views.pods:ContainerView",
    "Dashboard": "auditor.views.dashboards:DashboardView",
    "EksCluster": "auditor.views.eks_clusters:EksClusterView",
    "GpuOperator": "auditor.views.gpu_operators:GpuOperatorView",
    "Identity": "auditor.views.identity:IdentityView",
    "NodeGroup": "auditor.views.nodegroups:NodeGroupView",
    "Object": "auditor.views.objects:ObjectView",
    "PodSpec": "auditor.views.pods:PodSpecView",
    "PodTemplate": "auditor.views.pods:PodTemplateView",
    "PolicyDocument": "auditor.views.policy_documents:PolicyDocumentView",
    "PrometheusRules": "auditor.views.prometheus_rules:PrometheusRulesView",
    "Queue": "auditor.views.queues:QueueView",
    "Scaler": "auditor.views.scalers:ScalerView",
    "SecurityRule": "auditor.views.security_rules:SecurityRuleView",
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
