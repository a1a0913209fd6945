data "aws_iam_policy_document" "ci" {
  statement {
    actions   = ["iam:Get*", "iam:List*"]
    resources = ["*"]
  }
  statement {
    effect    = "Deny"
    actions   = ["iam:*"]
    resources = ["*"]
  }
}
