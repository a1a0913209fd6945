data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"]
    resources = ["*"] # violation
  }
  statement {
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::*"] # violation
  }
  statement {
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = ["arn:aws:sqs:*:*:audit"]
  }
}

resource "aws_iam_policy" "keys" {
  policy = jsonencode({
    Statement = [{
      Effect   = "Allow"
      Action   = ["kms:DescribeKey"]
      Resource = "*" # violation
    }]
  })
}
