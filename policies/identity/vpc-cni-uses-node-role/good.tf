resource "aws_eks_addon" "cni" {
  cluster_name             = "main"
  addon_name               = "vpc-cni"
  service_account_role_arn = aws_iam_role.cni.arn
}

resource "aws_eks_addon" "dns" {
  cluster_name = "main"
  addon_name   = "coredns"
}

resource "aws_iam_role" "cni" {
  name               = "cni"
  assume_role_policy = "{}"
}
