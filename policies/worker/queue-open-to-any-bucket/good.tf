resource "aws_s3_bucket" "scans" {
  bucket = "scans"
}

resource "aws_sqs_queue" "scans" {
  name   = "scans"
  policy = data.aws_iam_policy_document.scans.json
}

data "aws_iam_policy_document" "scans" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = ["arn:aws:sqs:eu-central-1:111122223333:scans"]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_s3_bucket.scans.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["111122223333"]
    }
  }
}
