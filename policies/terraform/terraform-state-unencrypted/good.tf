terraform {
  backend "s3" {
    bucket  = "inference-state"
    key     = "cluster.tfstate"
    region  = "eu-central-1"
    encrypt = true
  }
}
