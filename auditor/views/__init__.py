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

GROUPS: dict[str, frozenset[str]] = {
    "ArgoApplication": frozenset({"argoproj.io"}),
    "Bucket": frozenset({"terraform"}),
    "Dashboard": frozenset({"file", "v1/ConfigMap"}),
    "EksCluster": frozenset({"terraform", "eksctl.io"}),
    "GpuOperator": frozenset({"nvidia.com", "argoproj.io", "helm.toolkit.fluxcd.io", "terraform"}),
    "Identity": frozenset({"terraform", "v1/ServiceAccount", "eksctl.io"}),
    "NodeGroup": frozenset({"terraform", "eksctl.io", "karpenter.sh", "v1/Node"}),
    "PolicyDocument": frozenset({"terraform", "eksctl.io"}),
    "PrometheusRules": frozenset({"file", "monitoring.coreos.com"}),
    "Queue": frozenset({"terraform"}),
    "Scaler": frozenset({"keda.sh", "autoscaling"}),
    "SecurityRule": frozenset({"terraform"}),
}
"""View name → the only API groups it reads (``terraform`` and ``file`` are their own), and of the core group the
kinds, so that the modules of views that an object cannot be seen through need not load. Views that are not named here
read any group."""

_loaded: dict[str, View] = {}


def view(name: str) -> View:
    """The view called ``name``; KeyError when there is none."""
    found = _loaded.get(name)
    if found is None:
        module, _, cls = VIEWS[name].partition(":")
        found = _loaded[name] = getattr(import_module(module), cls)()
    return found


def reads(name: str, api_version: str, kind: str) -> bool:
    """Whether objects of this kind can be seen through the view called ``name``."""
    groups = GROUPS.get(name)
    if groups is not None:
        group, slash, _ = api_version.partition("/")
        if not slash and group not in ("terraform", "file"):
            return f"{api_version}/{kind}" in groups
        if group not in groups:
            return False
    return view(name).reads(api_version, kind)
