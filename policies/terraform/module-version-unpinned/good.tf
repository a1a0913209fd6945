module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 6.0"
}

module "tag" {
  source = "git::https://example.com/modules.git//vpc?depth=1&ref=v3"
}
