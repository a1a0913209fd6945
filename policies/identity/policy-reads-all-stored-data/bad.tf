data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["s3:Get*"]
    resources = ["*"] # violation
  }
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:*:*:*"] # violation
  }
}
