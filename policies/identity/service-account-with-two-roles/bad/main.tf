resource "aws_eks_pod_identity_association" "worker" {
  cluster_name    = "main"
  namespace       = "inference"
  service_account = "worker"
  role_arn        = "arn:aws:iam::111122223333:role/worker-pods"
}

resource "aws_eks_cluster" "main" {
  name = "main"
}
