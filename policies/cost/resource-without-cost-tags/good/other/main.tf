resource "aws_s3_bucket" "scans" {
  bucket = "scans"
  tags   = { team = "imaging", env = "prod" }
}
