# Identity Center gives the role of a permission set a random suffix: it is looked up, not copied.
data "aws_iam_roles" "sso" {
  for_each = var.sso_access

  name_regex  = "^AWSReservedSSO_${each.key}_[0-9a-f]{16}$"
  path_prefix = "/aws-reserved/sso.amazonaws.com/"
}

locals {
  sso_role = { for name, found in data.aws_iam_roles.sso : name => one(found.arns) }
}

resource "aws_eks_access_entry" "sso" {
  for_each = var.sso_access

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = local.sso_role[each.key]

  lifecycle {
    precondition {
      condition     = local.sso_role[each.key] != null
      error_message = "The permission set ${each.key} is not assigned to this account: assign it in IAM Identity Center, then plan again."
    }
  }
}

resource "aws_eks_access_policy_association" "sso" {
  for_each = var.sso_access

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.sso[each.key].principal_arn
  policy_arn    = "arn:${data.aws_partition.current.partition}:eks::aws:cluster-access-policy/${each.value.policy}"

  access_scope {
    type       = length(each.value.namespaces) > 0 ? "namespace" : "cluster"
    namespaces = each.value.namespaces
  }
}
