data "aws_iam_policy_document" "karpenter" {
  statement {
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::111122223333:role/karpenter-node"]
  }
  statement {
    actions   = ["ec2:RunInstances"]
    resources = ["*"]
  }
  statement {
    actions   = ["iam:PassRole"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }
  statement {
    actions   = ["iam:GetRole", "iam:CreateInstanceProfile"]
    resources = ["*"]
  }
}
