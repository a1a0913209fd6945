# One NAT gateway, one CPU node, short logs: the cheapest platform on which everything can be tried.
module "platform" {
  source = "../../modules/platform"

  project              = var.project
  environment          = "dev"
  region               = var.region
  cluster_name         = var.cluster_name
  vpc_cidr             = var.vpc_cidr
  availability_zones   = var.availability_zones
  single_nat_gateway   = true
  api_allowed_cidrs    = var.api_allowed_cidrs
  node_autoscaler      = var.node_autoscaler
  gpu_node_groups      = var.gpu_node_groups
  cpu_nodes            = { min_size = 1, max_size = 3 }
  log_retention_days   = 14
  flow_log_traffic     = "REJECT"
  scan_retention_days  = 7
  alarm_emails         = var.alarm_emails
  budget_usd_per_month = 2200 # above the worst case of `auditor cost platform`
  github_repository    = var.github_repository
}
