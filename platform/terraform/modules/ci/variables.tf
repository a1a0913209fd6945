variable "name" {
  description = "Name of the role."
  type        = string
}

variable "repository" {
  description = "GitHub repository that builds images, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "repository is owner/name, without wildcards."
  }
}

variable "environment" {
  description = "GitHub environment that the job runs in: its reviewers decide who may push."
  type        = string
}

variable "registry_arns" {
  description = "Repositories that the job pushes to."
  type        = list(string)
}

