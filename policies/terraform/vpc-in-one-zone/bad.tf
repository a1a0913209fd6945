module "vpc" {
  source          = "terraform-aws-modules/vpc/aws"
  version         = "~> 6.0"
  cidr            = "10.0.0.0/16"
  azs             = ["eu-central-1a"] # violation
  private_subnets = ["10.0.0.0/20"]
}
