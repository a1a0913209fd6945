resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.jobs.arn]
  }
  statement {
    # These take no resource.
    actions   = ["ec2:DescribeInstances", "sqs:ListQueues", "ecr:GetAuthorizationToken", "s3:ListAllMyBuckets"]
    resources = ["*"]
  }
  statement {
    actions   = ["autoscaling:SetDesiredCapacity"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled"
      values   = ["true"]
    }
  }
}

# Asked by policies of their own: writes (IAM-055) and reads of what is stored (IAM-054).
data "aws_iam_policy_document" "others" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = ["*"]
  }
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}

# Most of what the wildcard means takes no resource.
data "aws_iam_policy_document" "inventory" {
  statement {
    actions   = ["ec2:Describe*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "denied" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = ["*"]
  }
  statement {
    effect    = "Deny"
    actions   = ["sqs:Send*"]
    resources = ["*"]
  }
}
