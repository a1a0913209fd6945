resource "aws_sqs_queue" "jobs" { # violation
  name = "jobs"
}
