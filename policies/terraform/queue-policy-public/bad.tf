resource "aws_sqs_queue" "jobs" {
  name = "jobs"
  policy = jsonencode({ # violation
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sqs:SendMessage"
      Resource  = "*"
    }]
  })
}
