resource "aws_iam_role" "partner" {
  assume_role_policy = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { AWS = "111122223333" }
        Condition = { StringEquals = { "sts:ExternalId" = "42" } }
      },
      { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::111122223333:role/ci" } },
    ]
  })
}
