module "vpc" {
  source             = "terraform-aws-modules/vpc/aws"
  version            = "~> 6.0"
  enable_nat_gateway = true
}

module "endpoints" {
  source  = "terraform-aws-modules/vpc/aws//modules/vpc-endpoints"
  version = "~> 6.0"
  vpc_id  = module.vpc.vpc_id

  endpoints = {
    sqs   = { service = "sqs" }
    token = { service = "sts" }
    api   = { service = "ecr.api" }
    dkr   = { service = "ecr.dkr" }
  }
}
