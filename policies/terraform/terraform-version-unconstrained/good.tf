terraform {
  required_version = ">= 1.10"
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
