resource "aws_ecr_repository" "worker" { # violation
  name = "worker"

  image_tag_mutability = "IMMUTABLE"
}

resource "aws_ecr_repository" "cache" {
  name                 = "cache"
  image_tag_mutability = "IMMUTABLE" # violation
}
