resource "aws_eks_cluster" "silent" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/eks"

  vpc_config { # violation
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }
}

resource "aws_eks_cluster" "open" {
  name     = "training"
  role_arn = "arn:aws:iam::111122223333:role/eks"

  vpc_config {
    subnet_ids             = ["subnet-0a", "subnet-0b"]
    endpoint_public_access = "true"
    public_access_cidrs    = ["203.0.113.0/24", "0.0.0.0/0"] # violation
  }
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.0"

  cluster_name                   = "batch"
  cluster_endpoint_public_access = true # violation
}

module "newer" {
  source  = "terraform-aws-modules/eks/aws"
  version = "21.3.1"

  name                         = "newer"
  endpoint_public_access       = true
  endpoint_public_access_cidrs = ["0.0.0.0/1", "128.0.0.0/1"] # violation
}
