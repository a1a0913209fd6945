data "aws_iam_policy_document" "ci" {
  statement {
    actions   = ["iam:PassRole"] # violation
    resources = ["*"]
  }
  statement {
    actions   = ["ec2:RunInstances", "ec2:DescribeInstances"] # violation
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "ci" {
  role = "ci"
  policy = jsonencode({
    Statement = [{
      Effect   = "Allow"
      Action   = "iam:*" # violation
      Resource = "*"
    }]
  })
}
