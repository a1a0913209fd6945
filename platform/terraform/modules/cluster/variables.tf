variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "kubernetes_version" {
  description = "Kubernetes minor; support.tf says until when EKS supports which."
  type        = string

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version))
    error_message = "kubernetes_version is a minor such as 1.35."
  }
}

variable "subnet_ids" {
  description = "Private subnets for the control plane's network interfaces, in two zones or more."
  type        = list(string)
}

variable "api_allowed_cidrs" {
  description = "Addresses that may reach the API over the internet; none keeps the endpoint private."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_allowed_cidrs : can(cidrhost(cidr, 0)) && tonumber(split("/", cidr)[1]) >= 16])
    error_message = "Name single networks: a block wider than /16 is the internet."
  }
}

variable "secrets_key_arn" {
  description = "KMS key that encrypts Secrets in etcd."
  type        = string
}

variable "log_key_arn" {
  description = "KMS key of the control plane's log group."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which control-plane logs, the audit log among them, are kept."
  type        = number
}

variable "addon_versions" {
  description = "Versions of vpc-cni, kube-proxy and eks-pod-identity-agent."
  type        = map(string)
}

variable "sso_access" {
  description = "Permission set of IAM Identity Center → EKS access policy, for the whole cluster or for namespaces."
  type = map(object({
    policy     = string
    namespaces = optional(list(string), [])
  }))
}
