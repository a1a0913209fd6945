resource "aws_lambda_function" "ingest" {
  function_name = "ingest"
  environment {
    variables = {
      TABLE   = "jobs"
      KEY_ID  = "@ACCESS_KEY_ID@" # violation
    }
  }
}
