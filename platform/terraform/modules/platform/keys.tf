# Three keys, for three kinds of reader: the API server, whoever works on scans, whoever operates the platform.
module "cluster_key" {
  source = "../key"

  name        = "${local.name}-cluster"
  description = "Secrets of the cluster ${var.cluster_name}"
}

module "data_key" {
  source = "../key"

  name        = "${local.name}-data"
  description = "Scans, results, models, and the messages that name them"

  services = {
    # Without it S3 drops its notifications to the encrypted queue, and tells nobody.
    UploadsToTheQueue = {
      service   = "s3.amazonaws.com"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      condition = { test = "StringEquals", variable = "aws:SourceAccount", values = [local.account] }
    }
  }
}

module "operations_key" {
  source = "../key"

  name        = "${local.name}-operations"
  description = "Logs, alarms, audit trail, reports and images"

  services = {
    Logs = {
      service = "logs.${var.region}.amazonaws.com"
      actions = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
      condition = {
        test     = "ArnLike"
        variable = "kms:EncryptionContext:aws:logs:arn"
        values   = ["arn:${local.partition}:logs:${var.region}:${local.account}:log-group:*"]
      }
    }
    Alarms = {
      service   = "cloudwatch.amazonaws.com"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      condition = { test = "StringEquals", variable = "aws:SourceAccount", values = [local.account] }
    }
    Budgets = {
      service   = "budgets.amazonaws.com"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      condition = { test = "StringEquals", variable = "aws:SourceAccount", values = [local.account] }
    }
    Trail = {
      service = "cloudtrail.amazonaws.com"
      actions = ["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
      condition = {
        test     = "StringEquals"
        variable = "aws:SourceArn"
        values   = ["arn:${local.partition}:cloudtrail:${var.region}:${local.account}:trail/${local.name}"]
      }
    }
  }
}
