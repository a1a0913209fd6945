locals {
  shared = { team = "imaging" }
}

module "eks" {
  source       = "terraform-aws-modules/eks/aws"
  version      = "~> 20.0"
  cluster_name = "inference"
  subnet_ids   = ["subnet-0a", "subnet-0b"]
  tags         = { owner = "platform" }

  eks_managed_node_group_defaults = {
    instance_types = ["g5.xlarge"]
    labels         = local.shared
    disk_size      = 100
  }

  eks_managed_node_groups = {
    by_map = {
      min_size      = 0
      max_size      = 4
      capacity_type = "SPOT"
      taints = {
        gpu = { key = "nvidia.com/gpu", value = "present", effect = "NO_SCHEDULE" }
      }
      block_device_mappings = {
        root = { device_name = "/dev/xvda", ebs = { volume_size = 200 } }
      }
    }
    by_list = {
      name           = "listed"
      instance_types = ["g6.2xlarge"]
      taints         = [{ key = "spot", effect = "PREFER_NO_SCHEDULE" }]
    }
    left_out = { create = false }
  }

  self_managed_node_groups = {
    own = {
      instance_type        = "p4d.24xlarge"
      min_size             = 0
      enable_efa_support   = true
      bootstrap_extra_args = "--kubelet-extra-args '--node-labels=workload=training,team=ml --register-with-taints=nvidia.com/gpu=present:NoSchedule'"
      autoscaling_group_tags = {
        "k8s.io/cluster-autoscaler/node-template/label/workload"       = "training"
        "k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu" = "present:NoSchedule"
      }
    }
  }
}

module "extra" {
  source         = "terraform-aws-modules/eks/aws//modules/eks-managed-node-group"
  name           = "extra"
  cluster_name   = "inference"
  instance_types = ["g4dn.xlarge"]
  min_size       = 0
}

module "unrelated" {
  source                  = "terraform-aws-modules/vpc/aws"
  eks_managed_node_groups = { none = {} }
}

resource "aws_launch_template" "gpu" {
  instance_type = "g5.2xlarge"
  user_data     = base64encode("bootstrap.sh inference --kubelet-extra-args '--node-labels=workload=gpu'")

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 300
    }
  }
}

resource "aws_eks_node_group" "templated" {
  cluster_name    = "inference"
  node_group_name = "templated"
  subnet_ids      = [aws_subnet.a.id]

  launch_template {
    id      = aws_launch_template.gpu.id
    version = "1"
  }

  scaling_config {
    min_size     = 0
    max_size     = 2
    desired_size = 0
  }
}

resource "aws_subnet" "a" {
  availability_zone = "us-east-1a"
}

resource "aws_autoscaling_group" "own" {
  name     = "own"
  min_size = 0
  max_size = 2

  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.gpu.id
      }
      override {
        instance_type = "g5.4xlarge"
      }
      override {
        instance_type = "g6.4xlarge"
      }
    }
  }

  tag {
    key                 = "k8s.io/cluster-autoscaler/inference"
    value               = "owned"
    propagate_at_launch = true
  }
}

resource "aws_autoscaling_group" "bastion" {
  name     = "bastion"
  min_size = 1
  max_size = 1
}
