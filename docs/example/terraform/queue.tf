resource "aws_sqs_queue" "scans" {
  name                       = "scans"
  visibility_timeout_seconds = 60
  sqs_managed_sse_enabled    = true
}

resource "aws_iam_role" "worker" {
  name = "ml-worker"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::${var.account}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringLike = {
          "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sub" = "system:serviceaccount:inference:*"
        }
      }
    }]
  })
}
