resource "aws_cloudwatch_log_group" "worker" { # violation
  name = "/inference/worker"
}

resource "aws_cloudwatch_log_group" "forever" {
  name              = "/inference/forever"
  retention_in_days = 0 # violation
}
