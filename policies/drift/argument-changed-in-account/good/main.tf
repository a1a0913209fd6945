resource "aws_eks_cluster" "main" {
  name     = "inference"
  version  = "1.33"
  role_arn = "arn:aws:iam::111122223333:role/cluster"
}

resource "aws_eks_node_group" "gpu" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "gpu"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-b", "subnet-a"]
  instance_types  = ["g5.xlarge"]

  scaling_config {
    min_size     = 0
    max_size     = 4
    desired_size = 0
  }

  taint {
    key    = "nvidia.com/gpu"
    value  = "true"
    effect = "NO_SCHEDULE"
  }
}

resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 900
  redrive_policy             = jsonencode({ maxReceiveCount = 3, deadLetterTargetArn = "arn:aws:sqs:eu-west-1:111122223333:jobs-dlq" })
}
