resource "aws_ebs_volume" "models" { # violation
  availability_zone = "eu-central-1a"
  size              = 200
}
