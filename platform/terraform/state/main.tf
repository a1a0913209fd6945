# Where the state of every environment lies. Applied once for each account, before anything else; its own state stays
# with whoever applied it, and can be made again by import: it is one bucket and one key.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "region" {
  description = "Region of the bucket; the backends of envs/ name it too."
  type        = string
  default     = "us-east-1"
}

variable "project" {
  description = "Tag project of bucket and key."
  type        = string
  default     = "cbct"
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = var.project
      environment = "shared"
      managed-by  = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {}

module "key" {
  source = "../modules/key"

  name        = "terraform-state"
  description = "Terraform's states"
}

module "bucket" {
  source = "../modules/bucket"

  name                   = "terraform-state-${data.aws_caller_identity.current.account_id}"
  key_arn                = module.key.arn
  keep_old_versions_days = 365
}

output "bucket" {
  description = "For terraform init -backend-config=bucket=… in envs/."
  value       = module.bucket.name
}
