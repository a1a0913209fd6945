locals {
  bottlerocket = startswith(var.ami_type, "BOTTLEROCKET")
  # Bottlerocket keeps images and pods on a second disk; its first is the operating system's.
  disks = local.bottlerocket ? { "/dev/xvda" = 4, "/dev/xvdb" = var.disk.size_gib } : { "/dev/xvda" = var.disk.size_gib }

  # Pulls and unpacks layers in parallel. nodeadm of AL2023 reads it, and ignores it on nodes that are too small.
  parallel_pull = <<-MIME
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="BOUNDARY"

    --BOUNDARY
    Content-Type: application/node.eks.aws

    apiVersion: node.eks.aws/v1alpha1
    kind: NodeConfig
    spec:
      featureGates:
        FastImagePull: true

    --BOUNDARY--
  MIME
}

resource "aws_launch_template" "this" {
  name      = "${var.cluster_name}-${var.name}"
  user_data = var.gpus_per_node > 0 && !local.bottlerocket ? base64encode(local.parallel_pull) : null

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop: pods cannot take the node's role. What needs AWS has a role of its own.
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  dynamic "block_device_mappings" {
    for_each = local.disks
    content {
      device_name = block_device_mappings.key

      ebs {
        volume_size           = block_device_mappings.value
        volume_type           = "gp3"
        throughput            = var.disk.throughput_mib
        iops                  = var.disk.iops
        encrypted             = true
        delete_on_termination = true
      }
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume", "network-interface"])
    content {
      resource_type = tag_specifications.key
      tags          = merge(var.tags, { Name = "${var.cluster_name}-${var.name}" })
    }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = var.cluster_name
  node_group_name = var.name
  node_role_arn   = var.node_role_arn
  subnet_ids      = var.subnet_ids
  instance_types  = var.instance_types
  ami_type        = var.ami_type
  release_version = var.release_version
  capacity_type   = var.capacity_type
  labels          = var.labels

  dynamic "taint" {
    for_each = var.taints
    content {
      key    = taint.value.key
      value  = taint.value.value
      effect = taint.value.effect
    }
  }

  scaling_config {
    min_size     = var.min_size
    desired_size = var.min_size
    max_size     = var.max_size
  }

  update_config {
    max_unavailable = 1
  }

  # Replaces a node whose GPU, kernel or network is broken; without it a GPU with an XID error bills on.
  node_repair_config {
    enabled = true
  }

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  lifecycle {
    # The autoscaler's to say.
    ignore_changes = [scaling_config[0].desired_size]
  }
}
