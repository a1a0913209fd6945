data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["sqs:DeleteQueue", "sqs:ListQueues"]
    resources = ["*"] # violation
  }
}

resource "aws_iam_policy" "autoscaler" {
  policy = jsonencode({
    Statement = [{
      Effect   = "Allow"
      Action   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
      Resource = "*" # violation
    }]
  })
}
