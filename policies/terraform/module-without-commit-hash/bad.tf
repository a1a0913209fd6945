module "vpc" {
  source  = "terraform-aws-modules/vpc/aws" # violation
  version = "6.0.1"
}

module "tag" {
  source = "git::https://example.com/modules.git?ref=v1.2.3" # violation
}
