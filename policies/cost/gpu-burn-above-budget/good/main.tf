provider "aws" {
  region = "us-east-1"
}

resource "aws_eks_node_group" "gpu" {
  cluster_name    = "inference"
  node_group_name = "gpu"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-a"]
  instance_types  = ["g5.xlarge"]

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 10
  }
}

resource "aws_eks_node_group" "small" {
  cluster_name    = "inference"
  node_group_name = "small"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-a"]
  instance_types  = ["g4dn.xlarge"]

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 1
  }
}
