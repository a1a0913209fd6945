data "aws_iam_policy_document" "operator" {
  statement {
    actions   = ["kms:CreateGrant", "kms:Decrypt"]
    resources = ["*"] # violation
  }
  statement {
    actions   = ["s3:PutBucketPolicy"]
    resources = ["arn:aws:s3:::*"] # violation
  }
}
