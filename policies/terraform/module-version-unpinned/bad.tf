module "vpc" {
  source = "terraform-aws-modules/vpc/aws" # violation
}

module "branch" {
  source = "git::https://example.com/modules.git//vpc?ref=main" # violation
}

module "newest" {
  source = "github.com/example/modules" # violation
}
