resource "aws_kms_key" "eks" { # violation
  description = "secrets of the cluster"

  enable_key_rotation = true
}

resource "aws_kms_key" "off" {
  enable_key_rotation     = true # violation
  deletion_window_in_days = 30
}
