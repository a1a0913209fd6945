resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/cluster"
  vpc_config { subnet_ids = ["subnet-0a", "subnet-0b"] }
}

resource "aws_sqs_queue" "scans" {
  name                       = "scans"
  visibility_timeout_seconds = 120 # violation
}

resource "aws_sqs_queue" "defaults" { # violation
  name = "defaults"
}
