resource "aws_lambda_function" "ingest" {
  function_name = "ingest"
  role          = "arn:aws:iam::111122223333:role/ingest"
  environment {
    variables = {
      TABLE = "jobs"
      TOPIC = "arn:aws:sns:us-east-1:111122223333:jobs"
    }
  }
}
