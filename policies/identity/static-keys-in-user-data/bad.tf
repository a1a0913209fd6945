resource "aws_instance" "worker" {
  user_data = "export AWS_ACCESS_KEY_ID=@ACCESS_KEY_ID@" # violation
}
