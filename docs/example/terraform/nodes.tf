resource "aws_eks_cluster" "this" {
  name     = "inference"
  role_arn = "arn:aws:iam::${var.account}:role/eks-cluster"
  version  = "1.34"

  vpc_config {
    subnet_ids              = ["subnet-0a", "subnet-0b"]
    endpoint_private_access = true
    endpoint_public_access  = false
  }
}

resource "aws_eks_node_group" "gpu" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "gpu"
  node_role_arn   = "arn:aws:iam::${var.account}:role/eks-node"
  subnet_ids      = ["subnet-0a", "subnet-0b"]
  instance_types  = ["g5.xlarge"]
  ami_type        = "AL2023_x86_64_NVIDIA"

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 4
  }

  labels = {
    "workload" = "gpu"
  }

  taint {
    key    = "nvidia.com/gpu"
    value  = "present"
    effect = "NO_SCHEDULE"
  }
}
