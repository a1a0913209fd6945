resource "aws_s3_bucket_public_access_block" "on" {
  bucket = "inference-scans"

  block_public_policy = true
}
