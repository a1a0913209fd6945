provider "aws" {
  region     = "us-east-1"
  access_key = "@ACCESS_KEY_ID@" # violation
  secret_key = "@SECRET_ACCESS_KEY@"
}
