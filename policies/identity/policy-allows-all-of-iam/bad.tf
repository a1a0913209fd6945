data "aws_iam_policy_document" "ci" {
  statement {
    actions   = ["iam:*"] # violation
    resources = ["arn:aws:iam::111122223333:role/ci-*"]
  }
}

resource "aws_iam_policy" "ci" {
  policy = jsonencode({
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:ListBucket", "IAM:*"] # violation
      Resource = "arn:aws:s3:::ci"
    }]
  })
}
