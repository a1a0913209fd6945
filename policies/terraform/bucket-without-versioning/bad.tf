resource "aws_s3_bucket" "scans" { # violation
  bucket = "inference-scans"
}

resource "aws_s3_bucket" "stopped" { # violation
  bucket = "inference-stopped"
}

resource "aws_s3_bucket_versioning" "stopped" {
  bucket = aws_s3_bucket.stopped.id
  versioning_configuration {
    status = "Suspended"
  }
}
