resource "aws_budgets_budget" "gpu" {
  name         = "gpu"
  budget_type  = "COST"
  limit_amount = "2000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
}
