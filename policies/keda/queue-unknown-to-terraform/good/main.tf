provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["111122223333"]
}

resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/cluster"
  vpc_config { subnet_ids = ["subnet-0a", "subnet-0b"] }
}

variable "stage" { default = "prod" }

resource "aws_sqs_queue" "scans" {
  name = "scans-${var.stage}"
}

resource "aws_sqs_queue" "priority" {
  name       = "priority.fifo"
  fifo_queue = true
}
