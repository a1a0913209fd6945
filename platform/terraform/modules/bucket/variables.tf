variable "name" {
  description = "Name of the bucket."
  type        = string
}

variable "key_arn" {
  description = "KMS key of every object."
  type        = string
}

variable "expire_after_days" {
  description = "Days after which objects expire; null keeps them."
  type        = number
  default     = null
}

variable "keep_old_versions_days" {
  description = "Days for which an overwritten or deleted version can be had back."
  type        = number
  default     = 30
}

variable "policy_documents" {
  description = "Further statements of the bucket's policy, as JSON documents."
  type        = list(string)
  default     = []
}
