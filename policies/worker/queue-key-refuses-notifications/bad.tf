resource "aws_sqs_queue" "scans" {
  name              = "scans"
  kms_master_key_id = "alias/aws/sqs" # violation
}

resource "aws_kms_key" "scans" {
  description = "scans"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_sqs_queue" "own_key" {
  name              = "own-key"
  kms_master_key_id = aws_kms_key.scans.arn # violation
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = "uploads"
  queue {
    queue_arn     = aws_sqs_queue.scans.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "incoming/"
  }
  queue {
    queue_arn     = aws_sqs_queue.own_key.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "urgent/"
  }
}
