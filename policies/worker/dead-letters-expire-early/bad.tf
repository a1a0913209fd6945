resource "aws_sqs_queue" "scans" {
  name           = "scans"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 }) # violation
}

resource "aws_sqs_queue" "dead" {
  name = "scans-dead"
}
