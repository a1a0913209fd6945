resource "aws_eks_node_group" "gpu" { # violation
  cluster_name    = "inference"
  node_group_name = "gpu"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-0a", "subnet-0b"]
  instance_types  = ["g5.xlarge"]
  ami_type        = "AL2023_x86_64_NVIDIA"

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 4
  }

  labels = { workload = "gpu" }

  taint {
    key    = "nvidia.com/gpu"
    value  = "present"
    effect = "NO_SCHEDULE"
  }
}

module "eks" {
  source = "terraform-aws-modules/eks/aws"

  eks_managed_node_groups = {
    training = { # violation
      instance_types = ["p5.48xlarge"]
      min_size       = 0
      taints = {
        gpu = {
          key    = "nvidia.com/gpu"
          value  = "present"
          effect = "NO_SCHEDULE"
        }
      }
    }
    spot = {
      instance_types = ["g6.xlarge"]
      min_size       = 0
      taints = { # violation
        spot = { key = "spot", value = "true", effect = "NO_SCHEDULE" }
        gpu = {
          key    = "nvidia.com/gpu"
          value  = "present"
          effect = "NO_SCHEDULE"
        }
      }
    }
  }
}
