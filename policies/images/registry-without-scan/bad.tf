resource "aws_ecr_repository" "worker" { # violation
  name = "worker"
}

resource "aws_ecr_repository" "cache" {
  name = "cache"

  image_scanning_configuration { # violation
    scan_on_push = false
  }
}
