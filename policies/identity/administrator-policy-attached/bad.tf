resource "aws_iam_role_policy_attachment" "ci" {
  role       = "ci"
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess" # violation
}

resource "aws_iam_role" "ops" {
  assume_role_policy  = "{}"
  managed_policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AdministratorAccess"] # violation
}

data "aws_iam_policy" "named" {
  name = "AdministratorAccess" # violation
}

locals {
  partition = "aws-us-gov"
}

resource "aws_ssoadmin_managed_policy_attachment" "all" {
  managed_policy_arn = "arn:${local.partition}:iam::aws:policy/AdministratorAccess" # violation
}
