variable "name" {
  description = "Alias without the prefix alias/."
  type        = string
}

variable "description" {
  description = "What the key encrypts."
  type        = string
}

variable "deletion_window_days" {
  description = "Days in which a deleted key can be had back; then everything under it is unreadable."
  type        = number
  default     = 30
}

variable "services" {
  description = "AWS services that use the key in their own name, each under one condition that ties it to this account."
  type = map(object({
    service = string
    actions = list(string)
    condition = object({
      test     = string
      variable = string
      values   = list(string)
    })
  }))
  default = {}
}
