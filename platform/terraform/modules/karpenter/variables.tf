variable "cluster_name" {
  description = "Cluster whose nodes Karpenter starts."
  type        = string
}

variable "cluster_arn" {
  description = "Its ARN."
  type        = string
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "oidc_provider" {
  description = "The cluster's OIDC provider: ARN, and issuer without https://."
  type = object({
    arn    = string
    issuer = string
  })
}

variable "node_role" {
  description = "Role of the nodes, which the first node group registered with the cluster."
  type = object({
    name = string
    arn  = string
  })
}
