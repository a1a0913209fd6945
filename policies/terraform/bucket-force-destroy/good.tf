resource "aws_s3_bucket" "scans" {
  bucket = "inference-scans"
}

resource "aws_s3_bucket" "kept" {
  bucket        = "inference-kept"
  force_destroy = false
}
