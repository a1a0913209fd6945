resource "aws_ecr_repository" "worker" { # violation
  name = "worker"
}
