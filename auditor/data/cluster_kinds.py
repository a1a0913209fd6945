"""The kinds that a live audit may ever read from a cluster, with their names in URLs and RBAC rules.

Nothing outside this table is listed, whatever a policy matches: the smallest role must be known beforehand. Plurals
and scopes: Kubernetes API reference 1.34, and the CRDs of KEDA 2.20, Argo CD 3.2, Argo Rollouts 1.8, Karpenter 1.14,
Prometheus operator 0.85, the NVIDIA GPU operator 25.3, Kyverno 1.19 and Flux 2.6.
"""

from __future__ import annotations

from typing import NamedTuple


class ClusterKind(NamedTuple):
    """One kind: ``plural`` is its name in URLs. ``api_version`` is the version that a cluster most likely serves."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def group(self) -> str:
        """The API group; '' for core kinds."""
        return self.api_version.partition("/")[0] if "/" in self.api_version else ""

    @property
    def key(self) -> tuple[str, str]:
        """(group, kind)."""
        return self.group, self.kind


_NAMESPACED = """
v1 ConfigMap configmaps
v1 LimitRange limitranges
v1 PersistentVolumeClaim persistentvolumeclaims
v1 Pod pods
v1 ReplicationController replicationcontrollers
v1 ResourceQuota resourcequotas
v1 Secret secrets
v1 Service services
v1 ServiceAccount serviceaccounts
apps/v1 DaemonSet daemonsets
apps/v1 Deployment deployments
apps/v1 ReplicaSet replicasets
apps/v1 StatefulSet statefulsets
argoproj.io/v1alpha1 AppProject appprojects
argoproj.io/v1alpha1 Application applications
argoproj.io/v1alpha1 ApplicationSet applicationsets
argoproj.io/v1alpha1 Rollout rollouts
autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers
batch/v1 CronJob cronjobs
batch/v1 Job jobs
helm.toolkit.fluxcd.io/v2 HelmRelease helmreleases
keda.sh/v1alpha1 ScaledJob scaledjobs
keda.sh/v1alpha1 ScaledObject scaledobjects
keda.sh/v1alpha1 TriggerAuthentication triggerauthentications
kyverno.io/v1 Policy policies
monitoring.coreos.com/v1 Alertmanager alertmanagers
monitoring.coreos.com/v1 PodMonitor podmonitors
monitoring.coreos.com/v1 Prometheus prometheuses
monitoring.coreos.com/v1 PrometheusRule prometheusrules
monitoring.coreos.com/v1 ServiceMonitor servicemonitors
networking.k8s.io/v1 Ingress ingresses
networking.k8s.io/v1 NetworkPolicy networkpolicies
policy/v1 PodDisruptionBudget poddisruptionbudgets
rbac.authorization.k8s.io/v1 Role roles
rbac.authorization.k8s.io/v1 RoleBinding rolebindings
"""
_CLUSTER_WIDE = """
v1 Namespace namespaces
v1 Node nodes
v1 PersistentVolume persistentvolumes
apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions
karpenter.k8s.aws/v1 EC2NodeClass ec2nodeclasses
karpenter.sh/v1 NodePool nodepools
keda.sh/v1alpha1 ClusterTriggerAuthentication clustertriggerauthentications
kyverno.io/v1 ClusterPolicy clusterpolicies
nvidia.com/v1 ClusterPolicy clusterpolicies
rbac.authorization.k8s.io/v1 ClusterRole clusterroles
rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings
storage.k8s.io/v1 StorageClass storageclasses
"""


def _parsed(text: str, namespaced: bool) -> list[ClusterKind]:
    rows = [line.split() for line in text.split("\n") if line]
    return [ClusterKind(version, kind, plural, namespaced) for version, kind, plural in rows]


CLUSTER_KINDS: tuple[ClusterKind, ...] = tuple(
    sorted([*_parsed(_NAMESPACED, True), *_parsed(_CLUSTER_WIDE, False)], key=lambda each: each.key)
)
"""Every kind, by group and name."""

BY_KEY: dict[tuple[str, str], ClusterKind] = {each.key: each for each in CLUSTER_KINDS}
"""(group, kind) → the row."""
