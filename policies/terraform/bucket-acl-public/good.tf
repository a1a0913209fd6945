resource "aws_s3_bucket" "old" {
  bucket = "old-style"
  acl    = "log-delivery-write"
}

resource "aws_s3_bucket_acl" "own" {
  bucket = "own"
  access_control_policy {
    grant {
      grantee {
        id   = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
        type = "CanonicalUser"
      }
      permission = "READ"
    }
    owner {
      id = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
    }
  }
}
