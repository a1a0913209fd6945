module "eks" {
  source              = "terraform-aws-modules/eks/aws"
  version             = "~> 21.0"
  name                = "inference"
  deletion_protection = true
}
