resource "aws_sqs_queue" "scans" { # violation
  name = "scans"
}

resource "aws_sqs_queue_policy" "scans" {
  queue_url = aws_sqs_queue.scans.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.scans.arn
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:s3:::scans" } }
    }]
  })
}
