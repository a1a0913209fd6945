resource "aws_iam_role_policy_attachment" "ci" {
  role       = "ci"
  policy_arn = "arn:aws:iam::aws:policy/IAMFullAccess" # violation
}

resource "aws_iam_role" "ops" {
  assume_role_policy  = "{}"
  managed_policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/IAMFullAccess"] # violation
}

data "aws_iam_policy" "named" {
  name = "IAMFullAccess" # violation
}

locals {
  partition = "aws-us-gov"
}

resource "aws_ssoadmin_managed_policy_attachment" "all" {
  managed_policy_arn = "arn:${local.partition}:iam::aws:policy/IAMFullAccess" # violation
}
