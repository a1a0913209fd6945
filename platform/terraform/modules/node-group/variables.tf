variable "name" {
  description = "Name of the node group."
  type        = string
}

variable "cluster_name" {
  description = "Cluster that the nodes join."
  type        = string
}

variable "release_version" {
  description = "AMI release, such as 1.35.6-20260714: new nodes are what was tested, until somebody changes this."
  type        = string

  validation {
    condition     = can(regex("^1\\.[0-9]+\\.[0-9]+-", var.release_version))
    error_message = "release_version is KUBERNETES-DATE of an EKS optimised AMI, such as 1.35.6-20260714."
  }
}

variable "ami_type" {
  description = "EKS AMI type: AL2023_x86_64_STANDARD, AL2023_x86_64_NVIDIA, BOTTLEROCKET_x86_64, BOTTLEROCKET_x86_64_NVIDIA."
  type        = string
}

variable "node_role_arn" {
  description = "IAM role of the nodes."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets in which nodes may start; several zones, for capacity runs out by zone."
  type        = list(string)
}

variable "instance_types" {
  description = "Types in order of preference. The Cluster Autoscaler sizes a new node as the first."
  type        = list(string)
}

variable "capacity_type" {
  description = "ON_DEMAND or SPOT."
  type        = string
  default     = "ON_DEMAND"
}

variable "min_size" {
  description = "Nodes that are always there; 0 for GPU nodes."
  type        = number
}

variable "max_size" {
  description = "Nodes at most."
  type        = number
}

variable "labels" {
  description = "Kubernetes labels of the nodes."
  type        = map(string)
}

variable "taints" {
  description = "Taints of the nodes, the effect as EKS writes it: NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE."
  type = list(object({
    key    = string
    value  = string
    effect = string
  }))
  default = []
}

variable "gpus_per_node" {
  description = "GPUs of one node; 0 for CPU nodes."
  type        = number
  default     = 0
}

variable "disk" {
  description = "gp3 disk: size in GiB, throughput in MiB/s (125 to 1000), IOPS (at least 4 for each MiB/s)."
  type = object({
    size_gib       = number
    throughput_mib = optional(number, 125)
    iops           = optional(number, 3000)
  })
}

variable "scale_down_unneeded_time" {
  description = "How long a node must be unneeded before the Cluster Autoscaler removes it; null leaves the default of 10 minutes."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of instances and volumes: the provider's default tags do not reach them."
  type        = map(string)
}
