resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/cluster"
  vpc_config { subnet_ids = ["subnet-0a", "subnet-0b"] }
}

resource "aws_sqs_queue" "scans" {
  name           = "scans"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 1 }) # violation
}

resource "aws_sqs_queue" "second" { # violation
  name = "second"
}

resource "aws_sqs_queue_redrive_policy" "second" {
  queue_url      = aws_sqs_queue.second.id
  redrive_policy = "{\"deadLetterTargetArn\":\"${aws_sqs_queue.dead.arn}\",\"maxReceiveCount\":\"10\"}"
}

resource "aws_sqs_queue" "dead" {
  name = "dead"
}
