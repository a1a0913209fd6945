resource "aws_eks_cluster" "main" {
  name                      = "inference"
  role_arn                  = "arn:aws:iam::111122223333:role/eks"
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"] # violation

  vpc_config {
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }
}

module "eks" { # violation
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.0"

  cluster_name = "batch"

  cluster_enabled_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
}
