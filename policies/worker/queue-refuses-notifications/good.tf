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
}

resource "aws_sqs_queue_policy" "scans" {
  queue_url = aws_sqs_queue.scans.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["s3.amazonaws.com"] }
      Action    = ["sqs:Send*"]
      Resource  = "*"
    }]
  })
}

resource "aws_sqs_queue" "nobody_sends" {
  name = "other"
}
