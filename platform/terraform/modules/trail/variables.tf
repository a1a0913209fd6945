variable "name" {
  description = "Name of the trail."
  type        = string
}

variable "region" {
  description = "Region of the trail."
  type        = string
}

variable "bucket_name" {
  description = "Name of the bucket that keeps the log files."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the log files; its policy must let cloudtrail.amazonaws.com use it."
  type        = string
}

variable "data_bucket_arns" {
  description = "Buckets whose every read and write of an object is recorded."
  type        = list(string)
}

variable "retention_days" {
  description = "Days for which log files are kept."
  type        = number
}
