resource "aws_cloudwatch_log_group" "worker" { # violation
  name = "/inference/worker"

  retention_in_days = 90
}

resource "aws_cloudwatch_log_group" "forever" {
  name              = "/inference/forever"
  retention_in_days = 90 # violation
}
