resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/cluster"
  vpc_config { subnet_ids = ["subnet-0a", "subnet-0b"] }
}

resource "aws_eks_pod_identity_association" "another" {
  cluster_name    = aws_eks_cluster.main.name
  namespace       = "inference"
  service_account = "api"
  role_arn        = "arn:aws:iam::111122223333:role/api"
}
