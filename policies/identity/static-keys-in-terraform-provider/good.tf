provider "aws" {
  region = "us-east-1"
  assume_role {
    role_arn = "arn:aws:iam::111122223333:role/ci"
  }
}

provider "aws" {
  alias                       = "localstack"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
}
