# One role for each ServiceAccount that calls AWS, with what it calls and no more.
module "worker_role" {
  source = "../service-account-role"

  name            = "${local.name}-${var.worker.service_account}"
  oidc_provider   = module.cluster.oidc_provider
  namespace       = var.worker.namespace
  service_account = var.worker.service_account
  policy          = data.aws_iam_policy_document.worker.json
}

data "aws_iam_policy_document" "worker" {
  # A message names the version of its scan: that very version is read.
  statement {
    sid       = "ReadScans"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${module.input.arn}/${var.worker.input_prefix}*"]
  }

  statement {
    sid       = "ReadModels"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${module.models.arn}/${var.worker.model_prefix}*"]
  }

  # Reads too: whether a result is there already is asked before the work begins.
  statement {
    sid       = "WriteResultsOnce"
    actions   = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"]
    resources = [for prefix in var.worker.output_prefixes : "${module.output.arn}/${prefix}*"]
  }

  # Without it S3 answers 403 for a missing object as for a forbidden one. A condition on s3:prefix would not do: a
  # HEAD carries no prefix.
  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [module.input.arn, module.output.arn, module.models.arn]
  }

  statement {
    sid = "TakeMessages"
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
    ]
    resources = [module.queue.arn]
  }

  # Scans that can never be read are given up at once, with the reason beside them.
  statement {
    sid       = "GiveUp"
    actions   = ["sqs:SendMessage"]
    resources = [module.queue.dead_letters.arn]
  }

  statement {
    sid       = "UseTheDataKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.data_key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com", "sqs.${var.region}.amazonaws.com"]
    }
  }
}

module "keda_role" {
  source = "../service-account-role"

  name            = "${local.name}-keda-operator"
  oidc_provider   = module.cluster.oidc_provider
  namespace       = "keda"
  service_account = "keda-operator"
  policy          = data.aws_iam_policy_document.keda.json
}

data "aws_iam_policy_document" "keda" {
  statement {
    sid       = "CountMessages"
    actions   = ["sqs:GetQueueAttributes"]
    resources = [module.queue.arn]
  }
}

module "cluster_autoscaler_role" {
  source = "../service-account-role"
  count  = local.by_cluster_autoscaler ? 1 : 0

  name            = "${local.name}-cluster-autoscaler"
  oidc_provider   = module.cluster.oidc_provider
  namespace       = "kube-system"
  service_account = "cluster-autoscaler"
  policy          = data.aws_iam_policy_document.cluster_autoscaler.json
}

data "aws_iam_policy_document" "cluster_autoscaler" {
  statement {
    sid = "Look"
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeAutoScalingInstances",
      "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeScalingActivities",
      "autoscaling:DescribeTags",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    resources = ["*"]
  }

  # Labels and taints of a group without nodes, beside the tags.
  statement {
    sid       = "LookAtNodeGroups"
    actions   = ["eks:DescribeNodegroup"]
    resources = ["arn:${local.partition}:eks:${var.region}:${local.account}:nodegroup/${var.cluster_name}/*/*"]
  }

  statement {
    sid       = "ScaleThisClustersGroups"
    actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    resources = ["arn:${local.partition}:autoscaling:${var.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled"
      values   = ["true"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/${var.cluster_name}"
      values   = ["owned"]
    }
  }
}

module "auditor_role" {
  source = "../service-account-role"

  name            = "${local.name}-auditor"
  oidc_provider   = module.cluster.oidc_provider
  namespace       = "audit"
  service_account = "auditor"
  policy          = data.aws_iam_policy_document.auditor.json
}

data "aws_iam_policy_document" "auditor" {
  # Reads settings, and no content but its own reports: neither objects, nor messages, nor logs.
  dynamic "statement" {
    for_each = local.auditor_reads.by_service
    content {
      sid       = "Read${title(statement.key)}"
      actions   = statement.value
      resources = local.own[statement.key]
    }
  }

  # What AWS cannot limit to a resource.
  statement {
    sid       = "List"
    actions   = local.auditor_reads.anywhere
    resources = ["*"]
  }

  # The history: what was found before stands in every new report.
  statement {
    sid       = "KeepReports"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${module.reports.arn}/audits/*"]
  }

  statement {
    sid       = "ListReports"
    actions   = ["s3:ListBucket"]
    resources = [module.reports.arn]

    condition {
      test     = "StringEquals"
      variable = "s3:prefix"
      values   = ["audits/"]
    }
  }

  statement {
    sid       = "UseTheReportsKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.operations_key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}

module "alertmanager_role" {
  source = "../service-account-role"

  name            = "${local.name}-alertmanager"
  oidc_provider   = module.cluster.oidc_provider
  namespace       = "monitoring"
  service_account = "prometheus-alertmanager"
  policy          = data.aws_iam_policy_document.alertmanager.json
}

data "aws_iam_policy_document" "alertmanager" {
  statement {
    sid       = "Ring"
    actions   = ["sns:Publish"]
    resources = [module.alarms.topic_arn]
  }

  # The topic is encrypted, and SNS encrypts in the publisher's name.
  statement {
    sid       = "EncryptForTheTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.operations_key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${var.region}.amazonaws.com"]
    }
  }
}

locals {
  # The calls of `auditor check` on an account, apart by whether a policy can limit them.
  auditor_reads = jsondecode(file("${path.module}/auditor-reads.json"))

  # Everything of a service in this account and region; IAM, budgets and names of buckets know no region. All buckets of
  # the account are listed: one beyond these is refused, the audit says so and ends with 3, until it is named here.
  own = merge(
    { for service in ["cloudwatch", "ecr", "eks", "kms", "sqs"] : service => ["arn:${local.partition}:${service}:${var.region}:${local.account}:*"] },
    {
      budgets = ["arn:${local.partition}:budgets::${local.account}:budget/*"]
      iam     = [for kind in ["user", "oidc-provider"] : "arn:${local.partition}:iam::${local.account}:${kind}/*"]
      s3      = [for name in ["${var.project}-*", "terraform-state-${local.account}"] : "arn:${local.partition}:s3:::${name}"]
    },
  )
}
