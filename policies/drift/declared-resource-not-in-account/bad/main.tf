resource "aws_s3_bucket" "scans" {  # violation
  bucket = "scans-of-patients"
}

resource "aws_s3_bucket_versioning" "scans" {  # violation
  bucket = aws_s3_bucket.scans.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

resource "aws_sqs_queue" "named_later" {
  name_prefix = "jobs-"
}

resource "aws_sqs_queue" "results" {
  name = "results"
}
