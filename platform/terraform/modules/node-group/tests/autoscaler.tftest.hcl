mock_provider "aws" {}

variables {
  name            = "gpu-g5"
  cluster_name    = "c"
  release_version = "1.35.6-20260714"
  ami_type        = "AL2023_x86_64_NVIDIA"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-1", "subnet-2"]
  instance_types  = ["g5.xlarge", "g5.2xlarge"]
  min_size        = 0
  max_size        = 4
  gpus_per_node   = 1
  disk            = { size_gib = 100, throughput_mib = 500 }
  labels          = { "workload-class" = "gpu" }
  taints          = [{ key = "nvidia.com/gpu", value = "present", effect = "NO_SCHEDULE" }]
  tags            = { project = "cbct" }

  scale_down_unneeded_time = "10m0s"
}

run "gpu_nodes_come_back_from_zero" {
  command = plan

  assert {
    condition     = aws_eks_node_group.this.scaling_config[0].min_size == 0 && aws_eks_node_group.this.scaling_config[0].desired_size == 0
    error_message = "A GPU node would be paid for while idle."
  }
  assert {
    condition     = one(aws_eks_node_group.this.taint).effect == "NO_SCHEDULE"
    error_message = "EKS spells the effect NO_SCHEDULE."
  }
  assert {
    condition     = local.autoscaler_tags["k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu"] == "present:NoSchedule"
    error_message = "The autoscaler spells it value:NoSchedule."
  }
  assert {
    condition     = local.autoscaler_tags["k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu"] == "1"
    error_message = "Without the resource tag the autoscaler sees no GPU in an empty group."
  }
  assert {
    condition     = local.autoscaler_tags["k8s.io/cluster-autoscaler/node-template/label/workload-class"] == "gpu" && local.autoscaler_tags["k8s.io/cluster-autoscaler/c"] == "owned"
    error_message = "Labels or discovery tags are missing."
  }
}

run "nodes_are_closed" {
  command = plan

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Pods could take the node's role."
  }
  assert {
    condition     = alltrue([for disk in aws_launch_template.this.block_device_mappings : disk.ebs[0].encrypted == "true" && disk.ebs[0].volume_type == "gp3"])
    error_message = "A disk is not encrypted gp3."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "FastImagePull: true")
    error_message = "GPU nodes pull images in parallel."
  }
}

run "bottlerocket_gets_its_data_disk" {
  command = plan

  variables {
    ami_type = "BOTTLEROCKET_x86_64_NVIDIA"
  }

  assert {
    condition     = toset([for disk in aws_launch_template.this.block_device_mappings : disk.device_name]) == toset(["/dev/xvda", "/dev/xvdb"])
    error_message = "Bottlerocket keeps images on /dev/xvdb."
  }
  assert {
    condition     = aws_launch_template.this.user_data == null
    error_message = "Bottlerocket reads TOML, not nodeadm's configuration."
  }
}

run "an_unpinned_image_is_refused" {
  command = plan

  variables {
    release_version = "latest"
  }

  expect_failures = [var.release_version]
}
