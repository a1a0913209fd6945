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

data "aws_iam_policy_document" "pod_identity_trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "ebs_csi" {
  name               = "${local.name}-ebs-csi"
  description        = "ServiceAccount kube-system/ebs-csi-controller-sa, by Pod Identity"
  assume_role_policy = data.aws_iam_policy_document.pod_identity_trust.json
}

resource "aws_iam_role_policy_attachment" "ebs_csi" {
  role       = aws_iam_role.ebs_csi.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
}

# No data sources in there: they would wait for the nodes, and every plan that touches nodes would show noise.
module "addons" {
  source = "../addons"

  cluster_name = module.cluster.name
  versions     = local.addon_versions

  ebs_csi_role_arn = aws_iam_role.ebs_csi.arn

  depends_on = [module.cpu_nodes, aws_iam_role_policy_attachment.ebs_csi]
}
