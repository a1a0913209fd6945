variable "cluster_name" {
  description = "Cluster of the add-ons."
  type        = string
}

variable "versions" {
  description = "Versions of coredns, metrics-server and aws-ebs-csi-driver."
  type        = map(string)
}

variable "ebs_csi_role_arn" {
  description = "Role of the EBS CSI controller, for Pod Identity."
  type        = string
}
