resource "aws_s3_bucket_public_access_block" "off" {
  bucket = "inference-scans"

  block_public_acls = false # violation
}

resource "aws_s3_bucket_public_access_block" "missing" { # violation
  bucket = "inference-scans"
}
