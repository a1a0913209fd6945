resource "aws_s3_bucket" "scans" {
  bucket = "inference-scans"
}

resource "aws_s3_bucket_versioning" "scans" {
  bucket = "inference-scans"
  versioning_configuration {
    status = "Enabled"
  }
}
