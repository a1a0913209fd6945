resource "aws_vpc" "main" { # violation
  cidr_block = "10.0.0.0/16"
}

module "vpc" {
  source          = "terraform-aws-modules/vpc/aws"
  version         = "~> 5.0"
  enable_flow_log = false # violation
}
