resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

data "aws_iam_policy_document" "worker" {
  statement {
    sid       = "Queue"
    actions   = ["sqs:GetQueueUrl", "*"] # violation
    resources = [aws_sqs_queue.jobs.arn]
  }
}

resource "aws_iam_role_policy" "worker" {
  role   = "worker"
  policy = jsonencode({
    Statement = { # one statement without a list
      Effect   = "Allow"
      Action   = "*" # violation
      Resource = aws_sqs_queue.jobs.arn
    }
  })
}
