data "aws_iam_openid_connect_provider" "eks" {
  url = "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"
}

data "aws_iam_policy_document" "any_account" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals { # violation
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.eks.arn]
    }
    condition {
      test     = "StringLike"
      variable = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sub"
      values   = ["system:serviceaccount:inference:*"]
    }
  }
}

resource "aws_iam_role" "no_subject" {
  name = "no-subject"
  assume_role_policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE" } # violation
        Condition = { StringEquals = { "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:aud" = "sts.amazonaws.com" } }
      },
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE" } # violation
        Condition = {
          "ForAllValues:StringEquals" = {
            "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sub" = "system:serviceaccount:inference:worker"
          }
        }
      },
    ]
  })
}
