resource "aws_eks_node_group" "gpu" {
  cluster_name   = "inference"
  node_role_arn  = "arn:aws:iam::111122223333:role/node"
  subnet_ids     = ["subnet-0a"]
  instance_types = ["g5.xlarge"]

  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 2
  }
}

resource "aws_budgets_budget" "month" {
  name         = "month"
  budget_type  = "COST"
  limit_amount = "2000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
}
