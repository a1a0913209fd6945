variable "name" {
  description = "Prefix of every alarm, and of the topic."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the topic; its policy must let cloudwatch.amazonaws.com and budgets.amazonaws.com use it."
  type        = string
}

variable "emails" {
  description = "Who hears of alarms and of the budget; each address confirms once."
  type        = list(string)

  validation {
    condition     = length(var.emails) > 0
    error_message = "An alarm that nobody is subscribed to tells nobody: name an address."
  }
}

variable "queue_name" {
  description = "Name of the scans' queue."
  type        = string
}

variable "dead_letters_name" {
  description = "Name of the queue of dead letters."
  type        = string
}

variable "queue_age_seconds" {
  description = "Age of the oldest message from which the platform is late: several cold starts, not one."
  type        = number
}

variable "budget" {
  description = "USD a month that the platform may cost, and the tag project that its resources carry."
  type = object({
    usd_per_month = number
    project       = string
  })
}
