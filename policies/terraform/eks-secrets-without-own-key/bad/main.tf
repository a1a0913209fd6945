resource "aws_eks_cluster" "main" { # violation
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/eks"

  vpc_config {
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.0"

  cluster_name              = "batch"
  cluster_encryption_config = {} # violation
}

module "without" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 21.0"

  name              = "without"
  encryption_config = null # violation
}
