data "aws_iam_policy_document" "worker" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::scans/incoming/*"]
  }
  statement {
    actions   = ["s3:GetBucketLocation", "ssm:DescribeParameters", "s3:ListBucket"]
    resources = ["*"]
  }
  statement {
    actions   = ["ssm:GetParameter"]
    resources = ["arn:aws:ssm:us-east-1:111122223333:parameter/inference/*"]
  }
}
