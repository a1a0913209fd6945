terraform {
  required_version = ">= 1.10"

  backend "s3" { # violation
    bucket       = "inference-state"
    key          = "cluster.tfstate"
    region       = "eu-central-1"
    use_lockfile = true
    encrypt      = true
  }
}
