"""Groups of nodes as one lens: EKS, self-managed ASGs, the eks module's inputs, eksctl, Karpenter, Node objects.

The normal form (``nodegroup`` in CEL; values that Terraform only knows later are Unknown):

| field | what |
|---|---|
| name, cluster | as declared; '' when nothing says it |
| provider | ``eks-managed``, ``self-managed``, ``karpenter``, ``node`` |
| source | what declares it: the Terraform type, ``eks-module``, ``eksctl``, ``NodePool``, ``Node`` |
| autoscaler | ``cluster-autoscaler`` or ``karpenter``: who would start nodes |
| instance_types | candidates, the first is what the Cluster Autoscaler takes as template |
| gpu | {count, model, vram_mib (of one), resource, mig_capable} of the first type; count 0 without |
| is_gpu, gpu_capable | meant for accelerators (Neuron and Gaudi too); may have one |
| arch, spot, capacity_type, ami_type | arch '' = several |
| min, max, desired | sizes in nodes; Karpenter: min is its static ``replicas``, max is absent |
| labels, taints | as nodes carry them, Kubernetes' spelling, with those that EKS, eksctl, Karpenter add |
| script_labels | keys of labels that only the start script sets: EKS does not know them |
| tags, asg_tags | of the group; of its ASG. asg_tags_complete: false when a tag resource could not be tied |
| template | {labels, taints, resources, options} that ``k8s.io/cluster-autoscaler/node-template/`` tags tell |
| subnets, zones | what is declared; zones only where they are named |
| pinned | why the group is in one zone by its nature (EFA, placement, capacity reservation), else '' |
| disk_gib, max_pods | root volume; the kubelet's limit where it is set |
| requirements, limits, disruption, static | Karpenter only |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from auditor.model import Resource
from auditor.views.interface import Instance
from auditor.views.pods import group_of

if TYPE_CHECKING:
    from auditor.world import World

Reader = Callable[[Resource, "World"], Iterable[Instance]]

_READERS: dict[tuple[str, str], str] = {
    ("terraform", "aws_eks_node_group"): "auditor.views.nodegroups_eks",
    ("terraform", "aws_autoscaling_group"): "auditor.views.nodegroups_asg",
    ("terraform", "module"): "auditor.views.nodegroups_module",
    ("terraform", "kubernetes_manifest"): "auditor.views.nodegroups_karpenter",
    ("terraform", "kubectl_manifest"): "auditor.views.nodegroups_karpenter",
    ("eksctl.io", "ClusterConfig"): "auditor.views.nodegroups_eksctl",
    ("karpenter.sh", "NodePool"): "auditor.views.nodegroups_karpenter",
    ("", "Node"): "auditor.views.nodegroups_node",
}
"""Group (``terraform`` for Terraform) and kind → module with ``read(resource, world)``."""


class NodeGroupView:
    """Anything that declares nodes; ``nodegroup`` in CEL."""

    name = "NodeGroup"
    variable = "nodegroup"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for the kinds of ``_READERS``."""
        return _key(api_version, kind) in _READERS

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a group; an eksctl file or a module call may declare several."""
        module = import_module(_READERS[_key(resource.api_version, resource.kind)])
        read: Reader = module.read
        return read(resource, world)


def _key(api_version: str, kind: str) -> tuple[str, str]:
    return ("terraform" if api_version == "terraform" else group_of(api_version)), kind
