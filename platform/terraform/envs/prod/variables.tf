variable "project" {
  description = "Short name; tag project of everything."
  type        = string
  default     = "cbct"
}

variable "region" {
  description = "AWS region of everything."
  type        = string
  default     = "us-east-1"
}

variable "account_id" {
  description = "Account that prod is for, and no other. A placeholder until it is adopted."
  type        = string
  default     = "111122223333"
}

variable "cluster_name" {
  description = "Name of the EKS cluster."
  type        = string
  default     = "swin-tiny-eks-cluster"
}

variable "vpc_cidr" {
  description = "Addresses of the VPC."
  type        = string
  default     = "10.20.0.0/16"
}

variable "availability_zones" {
  description = "Zones of this region that offer the GPU types."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b", "us-east-1c"]
}

variable "api_allowed_cidrs" {
  description = "Networks that may reach the Kubernetes API over the internet; none keeps it private."
  type        = list(string)
  default     = []
}

variable "node_autoscaler" {
  description = "cluster-autoscaler or karpenter."
  type        = string
  default     = "cluster-autoscaler"
}

variable "gpu_node_groups" {
  description = "GPU groups by name; see modules/platform. g4dn, g6 and g6e, or SPOT, are chosen here."
  type = map(object({
    instance_types = list(string)
    gpus_per_node  = optional(number, 1)
    capacity_type  = optional(string, "ON_DEMAND")
    ami_type       = optional(string, "AL2023_x86_64_NVIDIA")
    max_size       = optional(number, 4)
    disk_gib       = optional(number, 100)
  }))
  default = {
    g5 = { instance_types = ["g5.xlarge", "g5.2xlarge"], max_size = 4 }
  }
}

variable "alarm_emails" {
  description = "Who hears of alarms and of the budget."
  type        = list(string)
  default     = ["platform@example.com"]
}

variable "github_repository" {
  description = "owner/name of the repository that builds the images; null makes no role for it."
  type        = string
  default     = null
}
