variable "name" {
  description = "Name of the queue; its dead letters go to NAME-dlq."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the messages; its policy must let s3.amazonaws.com use it."
  type        = string
}

variable "visibility_timeout_seconds" {
  description = "How long a received message stays hidden. The worker extends it while it works."
  type        = number

  validation {
    condition     = var.visibility_timeout_seconds >= 60 && var.visibility_timeout_seconds <= 43200
    error_message = "SQS hides a message for 12 hours at most, and a scan takes longer than a minute."
  }
}

variable "max_receive_count" {
  description = "Receives after which a message is a dead letter: one more than WORKER_MAX_RECEIVES, so that the worker gives up first and says why."
  type        = number
  default     = 6
}

variable "source_bucket" {
  description = "Bucket whose uploads become messages: under prefix, with one of the suffixes."
  type = object({
    name     = string
    prefix   = string
    suffixes = list(string)
  })
}
