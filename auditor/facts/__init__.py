"""Every fact by name. Modules load when a policy reads their fact."""

from __future__ import annotations

from importlib import import_module

from auditor.facts.interface import Fact

__all__ = ["FACTS", "Fact", "fact"]

FACTS: dict[str, str] = {
    "alerts": "auditor.facts.alerts:Alerts",
    "api_version": "auditor.facts.objects_lifecycle:ApiVersion",
    "application_health": "auditor.facts.argocd_waves:ApplicationHealth",
    "argo_application": "auditor.facts.argocd:ArgoApplication",
    "argo_delivery": "auditor.facts.argocd:ArgoDelivery",
    "budgets": "auditor.facts.budgets:Budgets",
    "cluster_autoscaler": "auditor.facts.cluster_autoscaler:ClusterAutoscaler",
    "cost_labels": "auditor.facts.cost_labels:CostLabels",
    "dashboard_panels": "auditor.facts.dashboards:DashboardPanels",
    "declared": "auditor.facts.declared:Declared",
    "dockerfile": "auditor.facts.dockerfiles:Dockerfile",
    "gpu": "auditor.facts.gpu:Gpu",
    "gpu_container": "auditor.facts.gpu_container:GpuContainer",
    "gpu_sharing": "auditor.facts.gpu_sharing:GpuSharing",
    "image_cuda": "auditor.facts.cuda:ImageCuda",
    "image_signature": "auditor.facts.signatures:ImageSignature",
    "node_fit": "auditor.facts.node_fit:NodeFit",
    "rule_expressions": "auditor.facts.alerts:RuleExpressions",
    "runbooks": "auditor.facts.alerts:Runbooks",
    "scale_from_zero": "auditor.facts.scale_from_zero:ScaleFromZero",
    "scale_to_zero": "auditor.facts.scale_to_zero:ScaleToZero",
    "scaled_by": "auditor.facts.scaling:ScaledBy",
    "scaler_target": "auditor.facts.scaling:ScalerTarget",
    "schema": "auditor.facts.objects_schema:Schema",
    "service_account": "auditor.facts.objects_service_account:ServiceAccountOf",
    "sync_wave": "auditor.facts.argocd_waves:SyncWave",
    "time_slicing": "auditor.facts.time_slicing:TimeSlicing",
}
"""Fact name → ``module:class``."""


def fact(name: str) -> type[Fact]:
    """The class that computes the fact called ``name``; KeyError when there is none."""
    module, _, cls = FACTS[name].partition(":")
    found: type[Fact] = getattr(import_module(module), cls)
    return found
