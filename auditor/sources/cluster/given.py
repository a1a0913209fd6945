"""What Kubernetes brings along by itself: nobody declared it, and nobody is to blame for it."""

from __future__ import annotations

from auditor.model import Resource

BOOTSTRAP = ("kubernetes.io/bootstrapping", "rbac-defaults")
"""The label of roles and bindings that the API server makes and repairs at every start."""
OWN_NAMESPACES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
_OWN = frozenset(
    {
        ("", "ConfigMap", "kube-root-ca.crt"),
        ("", "ConfigMap", "extension-apiserver-authentication"),
        ("", "ConfigMap", "istio-ca-root-cert"),
        ("", "ServiceAccount", "default"),
    }
)


def is_given(resource: Resource) -> bool:
    """Whether an object is Kubernetes' own."""
    group, kind, name = resource.group, resource.kind, resource.name
    if (group, kind) == ("", "Namespace"):
        return name in OWN_NAMESPACES
    if (group, kind, resource.namespace, name) == ("", "Service", "default", "kubernetes"):
        return True
    if group == "rbac.authorization.k8s.io":
        own = name.startswith(("eks:", "kubeadm:", "system:coredns"))
        return own or resource.labels.get(BOOTSTRAP[0]) == BOOTSTRAP[1]
    return (group, kind, name) in _OWN
