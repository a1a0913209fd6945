resource "aws_s3_bucket" "scans" { # violation
  bucket = "inference-scans"
}
