data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["*"]
    resources = [aws_sqs_queue.jobs.arn]
  }
  statement {
    effect    = "Deny"
    actions   = ["*"]
    resources = ["*"]
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

resource "aws_iam_policy" "worker" {
  name = "worker"
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }]
  })
}
