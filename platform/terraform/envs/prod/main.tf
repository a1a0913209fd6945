# Three zones, a NAT gateway and a CPU node in more than one: a zone may fail, or run out of GPUs.
module "platform" {
  source = "../../modules/platform"

  project              = var.project
  environment          = "prod"
  region               = var.region
  cluster_name         = var.cluster_name
  vpc_cidr             = var.vpc_cidr
  availability_zones   = var.availability_zones
  single_nat_gateway   = false
  interface_endpoints  = ["sqs", "sts", "ecr.api", "ecr.dkr", "logs", "ec2", "kms"]
  api_allowed_cidrs    = var.api_allowed_cidrs
  node_autoscaler      = var.node_autoscaler
  gpu_node_groups      = var.gpu_node_groups
  cpu_nodes            = { min_size = 2, max_size = 4 }
  log_retention_days   = 90
  flow_log_traffic     = "ALL"
  scan_retention_days  = 30
  alarm_emails         = var.alarm_emails
  budget_usd_per_month = 4300 # above the worst case of `auditor cost platform`
  github_repository    = var.github_repository
}
