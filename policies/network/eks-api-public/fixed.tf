resource "aws_eks_cluster" "silent" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/eks"

  vpc_config { # violation
    subnet_ids = ["subnet-0a", "subnet-0b"]

    endpoint_public_access = false

    endpoint_private_access = true
  }
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.0"

  cluster_name                   = "batch"
  cluster_endpoint_public_access = false # violation

  cluster_endpoint_private_access = true
}
