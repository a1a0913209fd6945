resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

resource "aws_sqs_queue" "keyed" {
  name                    = "keyed"
  sqs_managed_sse_enabled = false
  kms_master_key_id       = "alias/sqs"
}
