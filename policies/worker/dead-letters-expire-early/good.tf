resource "aws_sqs_queue" "scans" {
  name           = "scans"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}

resource "aws_sqs_queue" "dead" {
  name                      = "scans-dead"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "ordered" {
  name           = "scans.fifo"
  fifo_queue     = true
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.ordered_dead.arn, maxReceiveCount = 3 })
}

resource "aws_sqs_queue" "ordered_dead" {
  name       = "scans-dead.fifo"
  fifo_queue = true
}
