# Another account's: nothing of it is here.
resource "aws_sqs_queue" "jobs" {
  name = "prod-jobs"
}
