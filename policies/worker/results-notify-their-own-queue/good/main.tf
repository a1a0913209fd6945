resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/cluster"
  vpc_config { subnet_ids = ["subnet-0a", "subnet-0b"] }
}

resource "aws_s3_bucket" "scans" {
  bucket = "scans"
}

resource "aws_sqs_queue" "scans" {
  name = "scans"
}

resource "aws_sqs_queue" "second" {
  name = "second"
}

resource "aws_s3_bucket_notification" "scans" {
  bucket = aws_s3_bucket.scans.id
  queue {
    queue_arn     = aws_sqs_queue.scans.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "incoming/"
    filter_suffix = ".nii.gz"
  }
  queue {
    queue_arn     = aws_sqs_queue.second.arn
    events        = ["s3:ObjectCreated:*"]
    filter_suffix = ".dcm"
  }
}
