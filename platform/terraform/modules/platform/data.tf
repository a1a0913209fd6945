# Scans, results, models, reports; the queue that uploads fill; and the record of who read what.
module "input" {
  source = "../bucket"

  name              = local.bucket_names["input"]
  key_arn           = module.data_key.arn
  expire_after_days = var.scan_retention_days
  policy_documents  = [data.aws_iam_policy_document.worker_inside_the_vpc["input"].json]
}

module "output" {
  source = "../bucket"

  name             = local.bucket_names["output"]
  key_arn          = module.data_key.arn
  policy_documents = [data.aws_iam_policy_document.worker_inside_the_vpc["output"].json]
}

module "models" {
  source = "../bucket"

  name                   = local.bucket_names["models"]
  key_arn                = module.data_key.arn
  keep_old_versions_days = 365
  policy_documents       = [data.aws_iam_policy_document.worker_inside_the_vpc["models"].json]
}

module "reports" {
  source = "../bucket"

  name              = local.bucket_names["reports"]
  key_arn           = module.operations_key.arn
  expire_after_days = 730
}

# A token that is stolen from a worker is of no use outside of this VPC.
data "aws_iam_policy_document" "worker_inside_the_vpc" {
  for_each = toset(["input", "output", "models"])

  statement {
    sid       = "WorkerInsideTheVpc"
    effect    = "Deny"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${local.bucket_names[each.key]}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = ["arn:${local.partition}:iam::${local.account}:role/${local.name}-${var.worker.service_account}"]
    }
    condition {
      test     = "StringNotEquals"
      variable = "aws:SourceVpce"
      values   = [module.network.s3_endpoint_id]
    }
  }
}

module "queue" {
  source = "../queue"

  name                       = "${local.name}-scans"
  key_arn                    = module.data_key.arn
  visibility_timeout_seconds = var.visibility_timeout_seconds

  source_bucket = {
    name     = module.input.name
    prefix   = var.worker.input_prefix
    suffixes = var.worker.input_suffixes
  }
}

module "trail" {
  source = "../trail"

  name             = local.name
  region           = var.region
  bucket_name      = local.bucket_names["trail"]
  key_arn          = module.operations_key.arn
  data_bucket_arns = [module.input.arn, module.output.arn, module.models.arn]
  retention_days   = var.log_retention_days * 5
}
