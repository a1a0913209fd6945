data "aws_iam_policy_document" "operator" {
  statement {
    actions   = ["kms:CreateGrant"]
    resources = ["*"]
    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
  statement {
    actions   = ["s3:PutBucketPolicy"]
    resources = ["arn:aws:s3:::scans"]
  }
  statement {
    actions   = ["sqs:SendMessage"]
    resources = ["*"]
  }
}
