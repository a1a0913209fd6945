resource "aws_kms_key" "eks" { # violation
  description = "secrets of the cluster"
}

resource "aws_kms_key" "off" {
  enable_key_rotation     = false # violation
  deletion_window_in_days = 30
}
