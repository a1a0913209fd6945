resource "aws_s3_bucket" "scans" { # violation
  bucket = "inference-scans"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "scans" {
  bucket = aws_s3_bucket.scans.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws-kms"
    }
  }
}
