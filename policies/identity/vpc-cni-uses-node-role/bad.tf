resource "aws_eks_addon" "cni" {
  cluster_name = "main"
  addon_name   = "vpc-cni" # violation
}
