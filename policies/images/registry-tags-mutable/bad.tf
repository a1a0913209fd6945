resource "aws_ecr_repository" "worker" { # violation
  name = "worker"
}

resource "aws_ecr_repository" "cache" {
  name                 = "cache"
  image_tag_mutability = "MUTABLE" # violation
}
