provider "aws" {
  region     = "us-east-1"
  access_key = "@ACCESS_KEY_ID@" # violation
  secret_key = "@SECRET_ACCESS_KEY@"
}

variable "secret" {
  type = string
}

provider "aws" {
  alias      = "other"
  access_key = var.secret # violation
}
