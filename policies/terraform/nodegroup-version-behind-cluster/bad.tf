resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/eks"
  version  = "1.34"

  vpc_config {
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }
}

resource "aws_eks_node_group" "gpu" {
  cluster_name  = aws_eks_cluster.main.name
  node_role_arn = "arn:aws:iam::111122223333:role/node"
  subnet_ids    = ["subnet-0a"]
  version       = "1.31" # violation

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 2
  }
}

resource "aws_eks_node_group" "ahead" {
  cluster_name  = "inference"
  node_role_arn = "arn:aws:iam::111122223333:role/node"
  subnet_ids    = ["subnet-0a"]
  version       = "1.35" # violation

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 2
  }
}
