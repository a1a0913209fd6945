terraform {
  required_providers {
    helm = { # violation
      source = "hashicorp/helm"
    }
  }
}

provider "aws" { # violation
  region = "eu-central-1"
}
