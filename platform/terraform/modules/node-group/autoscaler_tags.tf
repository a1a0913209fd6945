# While a group has no node, the Cluster Autoscaler knows its nodes by these tags only: labels, taints, resources.
locals {
  autoscaler = "k8s.io/cluster-autoscaler"
  template   = "${local.autoscaler}/node-template"
  # EKS spells effects NO_SCHEDULE, the autoscaler NoSchedule.
  effect = {
    NO_SCHEDULE        = "NoSchedule"
    NO_EXECUTE         = "NoExecute"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
  }

  autoscaler_tags = merge(
    {
      "${local.autoscaler}/enabled"                            = "true"
      "${local.autoscaler}/${var.cluster_name}"                = "owned"
      "${local.template}/resources/ephemeral-storage"          = "${var.disk.size_gib}Gi"
      "${local.template}/label/eks.amazonaws.com/capacityType" = var.capacity_type
      "${local.template}/label/eks.amazonaws.com/nodegroup"    = var.name
    },
    { for key, value in var.labels : "${local.template}/label/${key}" => value },
    { for taint in var.taints : "${local.template}/taint/${taint.key}" => "${taint.value}:${local.effect[taint.effect]}" },
    var.gpus_per_node > 0 ? { "${local.template}/resources/nvidia.com/gpu" = tostring(var.gpus_per_node) } : {},
    var.scale_down_unneeded_time == null ? {} : {
      "${local.template}/autoscaling-options/scaledownunneededtime" = var.scale_down_unneeded_time
    },
  )
}

resource "aws_autoscaling_group_tag" "autoscaler" {
  for_each = local.autoscaler_tags

  autoscaling_group_name = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}
