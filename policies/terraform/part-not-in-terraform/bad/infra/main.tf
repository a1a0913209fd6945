resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/eks"

  vpc_config {
    subnet_ids = ["subnet-0a", "subnet-0b"]
  }
}

resource "aws_s3_bucket" "scans" {
  bucket = "inference-scans-eu"
}

resource "aws_sqs_queue" "jobs" {
  name = "inference-jobs"
}
