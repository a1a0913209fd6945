resource "aws_s3_bucket" "scans" { # violation
  bucket = "inference-scans"
}

resource "aws_s3_bucket" "plain" { # violation
  bucket = "inference-plain"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "plain" {
  bucket = aws_s3_bucket.plain.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}
