resource "aws_sqs_queue" "scans" {
  name                       = "scans"
  visibility_timeout_seconds = 600
}

resource "aws_sqs_queue_redrive_policy" "scans" {
  queue_url = aws_sqs_queue.scans.id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 4
  })
}

resource "aws_sqs_queue_policy" "scans" {
  queue_url = aws_sqs_queue.scans.id
  policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.scans.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_s3_bucket.scans.arn } }
    }]
  })
}

resource "aws_sqs_queue" "dead" {
  name                      = "scans-dead"
  message_retention_seconds = 1209600
}

resource "aws_s3_bucket" "scans" {
  bucket        = "scans"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "scans" {
  bucket = aws_s3_bucket.scans.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "scans" {
  bucket = aws_s3_bucket.scans.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "scans" {
  bucket              = aws_s3_bucket.scans.id
  block_public_acls   = true
  block_public_policy = true
}

resource "aws_s3_bucket_lifecycle_configuration" "scans" {
  bucket = "scans"

  rule {
    id     = "old"
    status = "Enabled"

    filter {
      prefix = "incoming/"
    }

    expiration {
      days = 30
    }
  }
}

resource "aws_s3_bucket_notification" "scans" {
  bucket = aws_s3_bucket.scans.id

  queue {
    queue_arn     = aws_sqs_queue.scans.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "incoming/"
  }
}

resource "aws_s3_bucket" "plain" {
  bucket = "plain"
}
