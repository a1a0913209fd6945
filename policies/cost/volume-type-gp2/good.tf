resource "aws_ebs_volume" "models" {
  availability_zone = "eu-central-1a"
  size              = 200
  type              = "gp3"
}

resource "aws_ebs_volume" "fast" {
  availability_zone = "eu-central-1a"
  size              = 200
  type              = "io2"
  iops              = 16000
}
