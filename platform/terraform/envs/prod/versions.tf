terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The bucket carries the account's number: terraform init -backend-config=bucket=… (see ../../README.md).
  backend "s3" {
    key          = "platform/prod/terraform.tfstate"
    region       = "us-east-1"
    encrypt      = true
    kms_key_id   = "alias/terraform-state"
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region
  # With the credentials of another account nothing is planned, let alone applied.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      project     = var.project
      environment = "prod"
      managed-by  = "terraform"
    }
  }
}
