resource "aws_eks_pod_identity_association" "worker" {
  cluster_name    = "gpu"
  namespace       = "inference"
  service_account = "worker"
  role_arn        = "arn:aws:iam::123456789012:role/worker"
}

resource "aws_eks_node_group" "gpu" {
  cluster_name   = "gpu"
  instance_types = ["g5.xlarge"]
}
