terraform {
  backend "s3" { # violation
    bucket  = "inference-state"
    key     = "cluster.tfstate"
    region  = "eu-central-1"
    encrypt = true
  }
}
