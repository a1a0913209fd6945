resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/eks"
  version  = "1.34"

  vpc_config {
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }
}

module "eks" {
  source       = "terraform-aws-modules/eks/aws"
  version      = "~> 20.0"
  cluster_name = "newest"
}

module "named" {
  source             = "terraform-aws-modules/eks/aws"
  version            = "~> 21.0"
  name               = "named"
  kubernetes_version = "1.33"
}
