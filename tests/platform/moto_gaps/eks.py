"""EKS clusters and node groups: what moto drops, invents, or names without making it."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.core.responses import ActionResult
from moto.eks.models import Cluster, EKSBackend, Nodegroup
from moto.eks.responses import EKSResponse

_create_cluster = EKSResponse.create_cluster
_create_nodegroup = EKSResponse.create_nodegroup
_backend_create_nodegroup = EKSBackend.create_nodegroup
_backend_delete_nodegroup = EKSBackend.delete_nodegroup
_nodegroup_init = Nodegroup.__init__
DEFAULT_ACCESS = {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True}


def create_cluster(self: EKSResponse) -> ActionResult:
    """Keep accessConfig and upgradePolicy; a cluster has a security group of its own and a VPC."""
    answer: ActionResult = _create_cluster(self)
    cluster: Cluster = self.eks_backend.clusters[self._get_param("name")]
    cluster.access_config = self._get_param("accessConfig") or DEFAULT_ACCESS
    cluster.upgrade_policy = self._get_param("upgradePolicy") or {"supportType": "EXTENDED"}
    return answer


def create_nodegroup(self: EKSResponse) -> ActionResult:
    """Keep updateConfig and nodeRepairConfig."""
    answer: ActionResult = _create_nodegroup(self)
    cluster = self.eks_backend.clusters[self._get_param("name")]
    group = cluster.nodegroups[self._get_param("nodegroupName")]
    group.update_config = self._get_param("updateConfig") or {"maxUnavailable": 1}
    group.node_repair_config = self._get_param("nodeRepairConfig")
    return answer


def nodegroup_init(self: Nodegroup, *args: Any, **kwargs: Any) -> None:
    """No invented SSH key; no disk size beside a launch template."""
    _nodegroup_init(self, *args, **kwargs)
    if not kwargs.get("remote_access"):
        self.remote_access = None
        self.resources.pop("remoteAccessSecurityGroup", None)
    if self.launch_template:
        self.disk_size = None


def backend_create_nodegroup(self: EKSBackend, *args: Any, **kwargs: Any) -> Nodegroup:
    """Take the version of the cluster, and make the Auto Scaling group that moto only names."""
    group: Nodegroup = _backend_create_nodegroup(self, *args, **kwargs)
    group.version = self.clusters[group.cluster_name].version
    name = group.resources["autoScalingGroups"][0]["name"]
    template = group.launch_template or {}
    autoscaling_backends[self.account_id][self.region_name].create_auto_scaling_group(
        name=name,
        availability_zones=[],
        desired_capacity=0,
        max_size=group.scaling_config["maxSize"],
        min_size=0,
        launch_config_name="",
        launch_template={"LaunchTemplateId": template["id"], "Version": template["version"]},
        vpc_zone_identifier=",".join(group.subnets),
        default_cooldown=300,
        health_check_period=15,
        health_check_type="EC2",
        load_balancers=[],
        target_group_arns=[],
        placement_group=None,
        termination_policies=["Default"],
        tags=[
            _tag(name, "eks:cluster-name", group.cluster_name),
            _tag(name, "eks:nodegroup-name", group.nodegroup_name),
        ],
    )
    # Its sizes, without the instances that moto would start.
    made = autoscaling_backends[self.account_id][self.region_name].autoscaling_groups[name]
    made.min_size, made.desired_capacity = (group.scaling_config[each] for each in ("minSize", "desiredSize"))
    return group


def _tag(group: str, key: str, value: str) -> dict[str, str]:
    return {
        "Key": key,
        "Value": value,
        "PropagateAtLaunch": "true",
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
    }


def backend_delete_nodegroup(self: EKSBackend, cluster_name: str, nodegroup_name: str) -> Nodegroup:
    """Its Auto Scaling group goes with it."""
    group: Nodegroup = _backend_delete_nodegroup(self, cluster_name, nodegroup_name)
    name = group.resources["autoScalingGroups"][0]["name"]
    autoscaling_backends[self.account_id][self.region_name].delete_auto_scaling_group(name, True)
    return group


EKSResponse.create_cluster = create_cluster
EKSResponse.create_nodegroup = create_nodegroup
Nodegroup.__init__ = nodegroup_init
EKSBackend.create_nodegroup = backend_create_nodegroup
EKSBackend.delete_nodegroup = backend_delete_nodegroup
