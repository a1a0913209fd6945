resource "aws_ebs_volume" "models" { # violation
  availability_zone = "eu-central-1a"
  size              = 200
}

resource "aws_ebs_volume" "old" {
  availability_zone = "eu-central-1a"
  size              = 200
  type              = "gp2" # violation
}
