resource "aws_sqs_queue" "scans" { # violation
  name = "scans"
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = "uploads"
  queue {
    queue_arn     = aws_sqs_queue.scans.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "incoming/"
  }
}
