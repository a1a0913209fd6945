resource "aws_ebs_volume" "models" {
  availability_zone = "eu-central-1a"
  size              = 200
  encrypted         = "true"
}
