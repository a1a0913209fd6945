data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account    = data.aws_caller_identity.current.account_id
  bucket_arn = "arn:${local.partition}:s3:::${var.bucket_name}"
  trail_arn  = "arn:${local.partition}:cloudtrail:${var.region}:${local.account}:trail/${var.name}"
}

data "aws_iam_policy_document" "delivery" {
  statement {
    sid       = "CloudTrailChecksItsBucket"
    actions   = ["s3:GetBucketAcl"]
    resources = [local.bucket_arn]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "CloudTrailDelivers"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arn}/AWSLogs/${local.account}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

module "bucket" {
  source = "../bucket"

  name              = var.bucket_name
  key_arn           = var.key_arn
  expire_after_days = var.retention_days
  policy_documents  = [data.aws_iam_policy_document.delivery.json]
}

# Who read which scan, and when. Management events are the account's own trail's business.
resource "aws_cloudtrail" "this" {
  name                       = var.name
  s3_bucket_name             = module.bucket.name
  kms_key_id                 = var.key_arn
  enable_log_file_validation = true

  advanced_event_selector {
    name = "objects of the data buckets"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field       = "resources.ARN"
      starts_with = [for arn in var.data_bucket_arns : "${arn}/"]
    }
  }
}
