resource "aws_s3_bucket" "scans" { # violation
  bucket = "inference-scans"
}

resource "aws_s3_bucket" "half" { # violation
  bucket = "inference-half"
}

resource "aws_s3_bucket_public_access_block" "half" {
  bucket                  = aws_s3_bucket.half.id
  block_public_acls       = true
  restrict_public_buckets = true
}
