provider "registry.terraform.io/hashicorp/aws" {
  version = "6.28.0"
}
