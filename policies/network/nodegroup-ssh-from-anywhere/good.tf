resource "aws_eks_node_group" "gpu" {
  cluster_name  = "inference"
  node_role_arn = "arn:aws:iam::111122223333:role/node"
  subnet_ids    = ["subnet-0a"]

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 2
  }

  remote_access {
    ec2_ssh_key               = "ops"
    source_security_group_ids = ["sg-0123456789abcdef0"]
  }
}

resource "aws_eks_node_group" "plain" {
  cluster_name  = "inference"
  node_role_arn = "arn:aws:iam::111122223333:role/node"
  subnet_ids    = ["subnet-0a"]

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 2
  }
}
