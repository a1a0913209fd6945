data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["*"] # violation
    resources = ["*"]
  }
}

resource "aws_iam_role" "worker" {
  name               = "worker"
  assume_role_policy = "{}"

  inline_policy {
    name = "all"
    policy = jsonencode({
      Statement = [{
        Effect   = "Allow"
        Action   = ["*"] # violation
        Resource = "*"
      }]
    })
  }
}

resource "aws_iam_policy" "from_data" {
  name   = "worker"
  policy = data.aws_iam_policy_document.worker.json
}
