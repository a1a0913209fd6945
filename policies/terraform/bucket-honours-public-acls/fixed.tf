resource "aws_s3_bucket_public_access_block" "off" {
  bucket = "inference-scans"

  ignore_public_acls = true # violation
}

resource "aws_s3_bucket_public_access_block" "missing" { # violation
  bucket = "inference-scans"

  ignore_public_acls = true
}
