provider "aws" {
  region = "eu-central-1"
  default_tags {
    tags = { team = "imaging" }
  }
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
