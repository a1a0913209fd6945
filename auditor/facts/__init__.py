"""Every fact by name. Modules load when a policy reads their fact."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from auditor.facts.interface import Fact, Table

__all__ = ["FACTS", "TABLES", "Fact", "Table", "fact", "table"]

FACTS: dict[str, str] = {
    "account_drift": "auditor.facts.account_drift:AccountDrift",
    "alerts": "auditor.facts.alerts:Alerts",
    "api_version": "auditor.facts.objects_lifecycle:ApiVersion",
    "application_health": "auditor.facts.argocd_waves:ApplicationHealth",
    "application_state": "auditor.facts.application_state:ApplicationState",
    "argo_application": "auditor.facts.argocd:ArgoApplication",
    "argo_delivery": "auditor.facts.argocd:ArgoDelivery",
    "asg_template": "auditor.facts.asg_template:AsgTemplate",
    "attached_policies": "auditor.facts.attached_policies:AttachedPolicies",
    "autoscaler": "auditor.facts.autoscalers:Autoscaler",
    "aws_calls": "auditor.facts.iam_usage:AwsCalls",
    "binding": "auditor.facts.rbac:Binding",
    "blanked_keys": "auditor.facts.blanked_keys:BlankedKeys",
    "budgets": "auditor.facts.budgets:Budgets",
    "burn": "auditor.facts.burn:Burn",
    "cluster_autoscaler": "auditor.facts.cluster_autoscaler:ClusterAutoscaler",
    "cluster_version": "auditor.facts.terraform_eks:ClusterVersion",
    "cost_labels": "auditor.facts.cost_labels:CostLabels",
    "dashboard_panels": "auditor.facts.dashboards:DashboardPanels",
    "declared": "auditor.facts.declared:Declared",
    "disruption": "auditor.facts.disruption:Protection",
    "disruption_budget": "auditor.facts.disruption:BudgetReach",
    "dockerfile": "auditor.facts.dockerfiles:Dockerfile",
    "drift": "auditor.facts.drift:Drift",
    "eks_support": "auditor.facts.terraform_eks:EksSupport",
    "governing_service": "auditor.facts.services:GoverningService",
    "fleet_plan": "auditor.facts.fleet_plan:FleetPlan",
    "gpu": "auditor.facts.gpu:Gpu",
    "gpu_container": "auditor.facts.gpu_container:GpuContainer",
    "gpu_exporter": "auditor.facts.monitors:GpuExporter",
    "gpu_node_cost": "auditor.facts.gpu_node_cost:GpuNodeCost",
    "gpu_quotas": "auditor.facts.gpu_quotas:GpuQuotas",
    "gpu_sharing": "auditor.facts.gpu_sharing:GpuSharing",
    "gpu_software": "auditor.facts.gpu_software:GpuSoftware",
    "group_nodes": "auditor.facts.group_nodes:GroupNodes",
    "identity": "auditor.facts.identities:Identities",
    "image_build": "auditor.facts.image_builds:ImageBuilds",
    "image_cuda": "auditor.facts.cuda:ImageCuda",
    "image_signature": "auditor.facts.signatures:ImageSignature",
    "image_size": "auditor.facts.pod_states:ImageSize",
    "ingress": "auditor.facts.services:IngressBackends",
    "instance_metadata": "auditor.facts.instance_metadata:InstanceMetadata",
    "isolation": "auditor.facts.network_policies:Isolation",
    "keda_auth": "auditor.facts.keda_auth:KedaAuth",
    "keda_capacity": "auditor.facts.keda_capacity:KedaCapacity",
    "keda_jobs": "auditor.facts.keda_jobs:KedaJobs",
    "keda_prometheus": "auditor.facts.keda_prometheus:KedaPrometheus",
    "keda_target": "auditor.facts.keda_target:KedaTarget",
    "keda_triggers": "auditor.facts.keda_triggers:KedaTriggers",
    "local_volumes": "auditor.facts.workloads:LocalVolumes",
    "monitor": "auditor.facts.monitors:Monitors",
    "named_parts": "auditor.facts.terraform_names:NamedParts",
    "namespace_isolation": "auditor.facts.network_policies:NamespaceIsolation",
    "neighbours": "auditor.facts.neighbours:Neighbours",
    "network_policy": "auditor.facts.network_policies:PolicyReach",
    "node_fit": "auditor.facts.node_fit:NodeFit",
    "node_price": "auditor.facts.metrics_prices:NodePrice",
    "node_role": "auditor.facts.node_roles:NodeRoles",
    "oidc": "auditor.facts.oidc:OidcProviders",
    "node_use": "auditor.facts.node_use:NodeUse",
    "orphan": "auditor.facts.drift:Orphans",
    "pinning": "auditor.facts.pinning:Pinning",
    "pod_states": "auditor.facts.pod_states:PodStates",
    "pods": "auditor.facts.pods:Pods",
    "policy_document": "auditor.facts.policy_documents:PolicyDocuments",
    "policy_engine": "auditor.facts.terraform_network:PolicyEngine",
    "provider_keys": "auditor.facts.static_keys:ProviderKeys",
    "queue": "auditor.facts.queues:QueueJoins",
    "references": "auditor.facts.references:References",
    "referrers": "auditor.facts.terraform_referrers:Referrers",
    "replicas": "auditor.facts.disruption:ReplicaCounts",
    "root": "auditor.facts.terraform_root:RootFacts",
    "rule_expressions": "auditor.facts.alerts:RuleExpressions",
    "runbooks": "auditor.facts.alerts:Runbooks",
    "running_group": "auditor.facts.running_groups:RunningGroup",
    "scale_down": "auditor.facts.scale_down:ScaleDown",
    "scale_from_zero": "auditor.facts.scale_from_zero:ScaleFromZero",
    "scale_to_zero": "auditor.facts.scale_to_zero:ScaleToZero",
    "scaled_by": "auditor.facts.scaling:ScaledBy",
    "scaler_queues": "auditor.facts.queues:ScalerQueues",
    "scaler_state": "auditor.facts.scaler_state:ScalerState",
    "scaler_target": "auditor.facts.scaling:ScalerTarget",
    "scan_cost": "auditor.facts.scan_cost:ScanCosts",
    "schema": "auditor.facts.objects_schema:Schema",
    "served_by": "auditor.facts.services:ServedBy",
    "service": "auditor.facts.services:ServiceBackends",
    "service_account": "auditor.facts.objects_service_account:ServiceAccountOf",
    "static_keys": "auditor.facts.static_keys:StaticKeys",
    "sync_wave": "auditor.facts.argocd_waves:SyncWave",
    "time_slicing": "auditor.facts.time_slicing:TimeSlicing",
    "usage_cost": "auditor.facts.usage_cost:UsageCost",
    "vpc_endpoints": "auditor.facts.terraform_network:Endpoints",
    "worker": "auditor.facts.workers:Worker",
}
"""Fact name → ``module:class``."""

TABLES: dict[str, str] = {
    "cluster_autoscaler": "auditor.facts.cluster_autoscaler:CommandLine",
    "pods": "auditor.facts.pods:PodIndex",
}
"""Table name → ``module:class``."""


def fact(name: str) -> type[Fact]:
    """The class that computes the fact called ``name``; KeyError when there is none."""
    found: type[Fact] = _loaded(FACTS[name])
    return found


def table(name: str) -> type[Table]:
    """The class of the table called ``name``; KeyError when there is none."""
    found: type[Table] = _loaded(TABLES[name])
    return found


def _loaded(place: str) -> Any:
    module, _, cls = place.partition(":")
    return getattr(import_module(module), cls)
