resource "aws_s3_bucket" "scans" {
  for_each = toset(["in", "out"])
  bucket   = "inference-${each.key}"
}

resource "aws_s3_bucket_public_access_block" "scans" {
  for_each                = aws_s3_bucket.scans
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
