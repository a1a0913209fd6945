resource "aws_sqs_queue" "scans" {
  name = "scans"
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = "uploads"
  queue { # violation
    queue_arn = aws_sqs_queue.scans.arn
    events    = ["s3:ObjectCreated:*"]
  }
}
