resource "aws_s3_bucket" "old" {
  bucket = "old-style"
  acl    = "public-read" # violation
}

resource "aws_s3_bucket_acl" "site" {
  bucket = "site"
  acl    = "authenticated-read" # violation
}
