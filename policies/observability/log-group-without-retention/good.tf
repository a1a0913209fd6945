resource "aws_cloudwatch_log_group" "worker" {
  name              = "/inference/worker"
  retention_in_days = 30
}
