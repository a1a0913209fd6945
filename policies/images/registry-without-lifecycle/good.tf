resource "aws_ecr_repository" "worker" {
  for_each = toset(["worker", "scaler"])
  name     = each.key
}

resource "aws_ecr_lifecycle_policy" "worker" {
  for_each   = aws_ecr_repository.worker
  repository = each.value.name
  policy     = jsonencode({ rules = [] })
}
