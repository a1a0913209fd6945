resource "aws_sqs_queue" "scans" {
  name = "scans"
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = "uploads"
  queue {
    queue_arn     = aws_sqs_queue.scans.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "incoming/"
  }
  queue {
    queue_arn     = aws_sqs_queue.scans.arn
    events        = ["s3:ObjectCreated:*"]
    filter_suffix = ".dcm"
  }
  topic {
    topic_arn = "arn:aws:sns:eu-central-1:111122223333:audit"
    events    = ["s3:ObjectRemoved:*"]
  }
}
