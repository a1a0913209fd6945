variable "name" {
  description = "Name of the role."
  type        = string
}

variable "oidc_provider" {
  description = "The cluster's OIDC provider: its ARN, and the issuer without https://."
  type = object({
    arn    = string
    issuer = string
  })
}

variable "namespace" {
  description = "Namespace of the one ServiceAccount that may take the role."
  type        = string
}

variable "service_account" {
  description = "Name of the one ServiceAccount that may take the role."
  type        = string
}

variable "policy" {
  description = "What the role may do, as a JSON document; null where managed_policy says it."
  type        = string
  default     = null
}

variable "managed_policy" {
  description = "Name of a policy that AWS manages, instead of policy."
  type        = string
  default     = null
}
