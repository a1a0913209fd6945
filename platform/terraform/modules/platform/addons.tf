locals {
  addons = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns", "metrics-server", "aws-ebs-csi-driver"]
  addon_versions = {
    for name in local.addons : name => lookup(var.addon_versions, name, data.aws_eks_addon_version.default[name].version)
  }
}

data "aws_eks_addon_version" "default" {
  for_each = toset(local.addons)

  addon_name         = each.key
  kubernetes_version = var.kubernetes_version
}

module "addons" {
  source = "../addons"

  cluster_name = module.cluster.name
  versions     = local.addon_versions

  depends_on = [module.cpu_nodes]
}
