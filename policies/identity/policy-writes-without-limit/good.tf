data "aws_iam_policy_document" "autoscaler" {
  statement {
    actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled"
      values   = ["true"]
    }
  }
  statement {
    actions   = ["s3:GetObject", "sqs:GetQueueAttributes", "autoscaling:DescribeAutoScalingGroups"]
    resources = ["*"]
  }
}
