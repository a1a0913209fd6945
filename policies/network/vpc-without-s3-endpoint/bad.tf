module "vpc" { # violation
  source             = "terraform-aws-modules/vpc/aws"
  version            = "~> 6.0"
  cidr               = "10.0.0.0/16"
  azs                = ["eu-central-1a", "eu-central-1b"]
  private_subnets    = ["10.0.0.0/20", "10.0.16.0/20"]
  enable_nat_gateway = true
}
