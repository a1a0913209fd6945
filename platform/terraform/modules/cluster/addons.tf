# What a node needs to become Ready, and so before the first node. The rest follows the nodes: ../addons.
module "cni_role" {
  source = "../service-account-role"

  name            = "${var.name}-vpc-cni"
  oidc_provider   = local.oidc_provider
  namespace       = "kube-system"
  service_account = "aws-node"
  managed_policy  = "AmazonEKS_CNI_Policy"
}

locals {
  oidc_provider = {
    arn    = aws_iam_openid_connect_provider.this.arn
    issuer = replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")
  }
}

resource "aws_eks_addon" "vpc_cni" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "vpc-cni"
  addon_version               = var.addon_versions["vpc-cni"]
  service_account_role_arn    = module.cni_role.arn
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  # Without it every NetworkPolicy of the platform is accepted and none is enforced.
  configuration_values = jsonencode({ enableNetworkPolicy = "true" })
}

resource "aws_eks_addon" "kube_proxy" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "kube-proxy"
  addon_version               = var.addon_versions["kube-proxy"]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "pod_identity_agent" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "eks-pod-identity-agent"
  addon_version               = var.addon_versions["eks-pod-identity-agent"]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}
