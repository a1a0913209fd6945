module "vpc" { # violation
  source             = "terraform-aws-modules/vpc/aws"
  version            = "~> 6.0"
  enable_nat_gateway = true
}

resource "aws_vpc_endpoint" "sqs" {
  vpc_id            = module.vpc.vpc_id
  service_name      = "com.amazonaws.eu-central-1.sqs"
  vpc_endpoint_type = "Interface"
}
