resource "aws_iam_role" "worker" {
  assume_role_policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole" # violation
      Principal = { Service = "pods.eks.amazonaws.com" }
    }]
  })
}
