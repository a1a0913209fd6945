resource "aws_s3_bucket" "old" {
  bucket = "old-style"
  acl    = "private" # violation
}

resource "aws_s3_bucket_acl" "site" {
  bucket = "site"
  acl    = "private" # violation
}
