variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region of the VPC; endpoint services carry it in their names."
  type        = string
}

variable "cidr" {
  description = "Addresses of the VPC, at least a /20: private subnets take a quarter of it each."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && tonumber(split("/", var.cidr)[1]) <= 20
    error_message = "cidr must be an IPv4 block of /20 or more addresses, such as 10.20.0.0/16."
  }
}

variable "availability_zones" {
  description = "Zones of the subnets: two or three."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 3
    error_message = "EKS wants two zones, and GPUs run out by zone: name two or three."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones (cheaper) instead of one in each (survives the loss of a zone)."
  type        = bool
}

variable "interface_endpoints" {
  description = "AWS services with an interface endpoint in every zone; each bills by the hour and zone."
  type        = set(string)
}

variable "flow_logs" {
  description = "Which traffic the flow log records (ACCEPT, REJECT or ALL), and for how many days it is kept."
  type = object({
    traffic        = string
    retention_days = number
  })
}

variable "log_key_arn" {
  description = "KMS key of the flow log's log group."
  type        = string
}

variable "cluster_name" {
  description = "Cluster whose nodes live here: Karpenter finds its subnets by this name."
  type        = string
}
