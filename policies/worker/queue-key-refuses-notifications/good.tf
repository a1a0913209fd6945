resource "aws_kms_key" "scans" {
  description = "scans"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
      Resource  = "*"
    }]
  })
}

resource "aws_sqs_queue" "own_key" {
  name              = "own-key"
  kms_master_key_id = aws_kms_key.scans.arn
}

resource "aws_sqs_queue" "no_notification" {
  name              = "other"
  kms_master_key_id = "alias/aws/sqs"
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = "uploads"
  queue {
    queue_arn     = aws_sqs_queue.own_key.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "urgent/"
  }
}
