resource "aws_s3_bucket_public_access_block" "on" {
  bucket = "inference-scans"

  restrict_public_buckets = true
}
