resource "aws_iam_role" "organisation" {
  assume_role_policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = "*"
        Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-example" } }
      },
      { Effect = "Deny", Action = "sts:AssumeRole", Principal = { AWS = "*" } },
    ]
  })
}

# A bucket policy for everybody is another question.
data "aws_iam_policy_document" "bucket" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::public/*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}
