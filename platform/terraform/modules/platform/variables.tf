variable "project" {
  description = "Short name; tag project of everything, and prefix of names together with environment."
  type        = string
  default     = "cbct"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.project))
    error_message = "project is part of bucket names: 2 to 16 lower-case letters, digits and dashes."
  }
}

variable "environment" {
  description = "dev, prod, …; each in an account of its own."
  type        = string
}

variable "region" {
  description = "AWS region of everything."
  type        = string
  default     = "us-east-1"
}

variable "cluster_name" {
  description = "Name of the EKS cluster."
  type        = string
  default     = "swin-tiny-eks-cluster"
}

variable "kubernetes_version" {
  description = "Kubernetes minor of control plane and nodes; modules/cluster/support.tf knows until when it is supported."
  type        = string
  default     = "1.35"
}

variable "node_release_version" {
  description = "AMI release of all nodes. Its NVIDIA driver must be new enough for the worker's CUDA (see gpu_driver_branch)."
  type        = string
  default     = "1.35.6-20260714"
}

variable "gpu_driver_branch" {
  description = "NVIDIA driver branch that the AMI release carries, as its release notes say: 580 runs CUDA 13."
  type        = string
  default     = "580"
}

variable "worker_cuda" {
  description = "CUDA version that the worker's torch was built for."
  type        = string
  default     = "13.0"
}

variable "vpc_cidr" {
  description = "Addresses of the VPC."
  type        = string
  default     = "10.20.0.0/16"
}

variable "availability_zones" {
  description = "Two or three zones, by name: not every zone offers every GPU type (aws ec2 describe-instance-type-offerings --location-type availability-zone)."
  type        = list(string)
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones (about 33 USD a month each) instead of one in each."
  type        = bool
}

variable "interface_endpoints" {
  description = "AWS services with an interface endpoint, each about 7.30 USD a month and zone."
  type        = set(string)
  default     = ["sqs", "sts", "ecr.api", "ecr.dkr"]
}

variable "log_retention_days" {
  description = "Days for control-plane and flow logs; object-level audit logs are kept for five times as long."
  type        = number
}

variable "flow_log_traffic" {
  description = "Traffic that flow logs record: ACCEPT, REJECT or ALL."
  type        = string
  default     = "ALL"
}

variable "api_allowed_cidrs" {
  description = "Networks that may reach the Kubernetes API over the internet; none keeps it private (README: how to get in)."
  type        = list(string)
  default     = []
}

variable "sso_access" {
  description = "Permission set → EKS access policy, for the cluster or for namespaces. People have no other way in."
  type = map(object({
    policy     = string
    namespaces = optional(list(string), [])
  }))
  default = {
    PlatformAdmin    = { policy = "AmazonEKSClusterAdminPolicy" }
    PlatformReadOnly = { policy = "AmazonEKSViewPolicy" }
    MlEngineer       = { policy = "AmazonEKSEditPolicy", namespaces = ["inference"] }
  }
}

variable "addon_versions" {
  description = "Pins of EKS add-ons by name; what is not named takes the default that AWS gives for the minor."
  type        = map(string)
  default     = {}
}

variable "cpu_nodes" {
  description = "Group for system pods. One t3.large carries the platform at rest; two in two zones survive the loss of one."
  type = object({
    instance_types = optional(list(string), ["t3.large"])
    min_size       = optional(number, 1)
    max_size       = optional(number, 3)
    disk_gib       = optional(number, 50)
  })
  default = {}
}

variable "node_autoscaler" {
  description = "What starts and removes GPU nodes: cluster-autoscaler (with the node groups below) or karpenter (with NodePools in Git)."
  type        = string
  default     = "cluster-autoscaler"

  validation {
    condition     = contains(["cluster-autoscaler", "karpenter"], var.node_autoscaler)
    error_message = "node_autoscaler is cluster-autoscaler or karpenter."
  }
}

variable "gpu_node_groups" {
  description = "GPU groups by name. Several types of one accelerator in several zones, for GPUs run out by type and zone; a second accelerator (g4dn, g6, g6e) is a second group."
  type = map(object({
    instance_types = list(string)
    gpus_per_node  = optional(number, 1)
    capacity_type  = optional(string, "ON_DEMAND")
    ami_type       = optional(string, "AL2023_x86_64_NVIDIA")
    max_size       = optional(number, 4)
    disk_gib       = optional(number, 100)
  }))
  default = {
    g5 = { instance_types = ["g5.xlarge", "g5.2xlarge"] }
  }

  validation {
    condition     = alltrue([for group in var.gpu_node_groups : length(toset([for type in group.instance_types : split(".", type)[0]])) == 1])
    error_message = "A group has one family: its label names one accelerator, and the autoscaler takes all its nodes for alike."
  }
  validation {
    condition     = alltrue([for group in var.gpu_node_groups : contains(["g4dn", "g5", "g6", "g6e"], split(".", group.instance_types[0])[0])])
    error_message = "Known families are g4dn, g5, g6 and g6e; add the accelerator of another to local.accelerators in nodes.tf."
  }
  validation {
    condition     = alltrue([for group in var.gpu_node_groups : contains(["ON_DEMAND", "SPOT"], group.capacity_type)])
    error_message = "capacity_type is ON_DEMAND or SPOT."
  }
}

variable "gpu_unneeded_time" {
  description = "How long an idle GPU node stays, in case more work comes; billed each time."
  type        = string
  default     = "10m0s"
}

variable "worker" {
  description = "Namespace and ServiceAccount of the worker, and the prefixes it reads and writes."
  type = object({
    namespace       = optional(string, "inference")
    service_account = optional(string, "ml-worker")
    input_prefix    = optional(string, "incoming/")
    input_suffixes  = optional(list(string), [".nii.gz", ".nii", ".nrrd", ".mha", ".zip", ".tar"])
    output_prefixes = optional(list(string), ["results/", "errors/"])
    model_prefix    = optional(string, "models/")
  })
  default = {}
}

variable "scan_retention_days" {
  description = "Days after which an uploaded scan is deleted; results are kept."
  type        = number
  default     = 30
}

variable "visibility_timeout_seconds" {
  description = "How long a received message stays hidden; longer than the worker's grace period, and extended while it works."
  type        = number
  default     = 900
}

variable "queue_age_alarm_seconds" {
  description = "Age of the oldest message that rings. A cold start of 180 s and a scan of a minute are not late."
  type        = number
  default     = 900
}

variable "alarm_emails" {
  description = "Who hears of alarms and of the budget."
  type        = list(string)
}

variable "budget_usd_per_month" {
  description = "USD a month that the platform may cost; the forecast above it rings."
  type        = number
}

variable "image_repositories" {
  description = "Repositories in ECR."
  type        = set(string)
  default     = ["ml-worker", "auditor"]
}

variable "github_repository" {
  description = "owner/name of the repository that builds the images; null makes no role for it."
  type        = string
  default     = null
}

variable "github_environment" {
  description = "GitHub environment whose jobs may push images."
  type        = string
  default     = "release"
}
