# The composition: which parts there are, and what they tell each other. Each environment calls it once.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  name      = "${var.project}-${var.environment}"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # Names of buckets are the world's: the account's number makes them ours.
  bucket_names = { for purpose in ["input", "output", "models", "reports", "trail"] : purpose => "${local.name}-${purpose}-${local.account}" }

  node_tags = {
    project     = var.project
    environment = var.environment
    managed-by  = "terraform"
  }
}

module "network" {
  source = "../network"

  name                = local.name
  region              = var.region
  cidr                = var.vpc_cidr
  availability_zones  = var.availability_zones
  single_nat_gateway  = var.single_nat_gateway
  interface_endpoints = var.interface_endpoints
  flow_logs           = { traffic = var.flow_log_traffic, retention_days = var.log_retention_days }
  log_key_arn         = module.operations_key.arn
  cluster_name        = var.cluster_name
}

module "cluster" {
  source = "../cluster"

  name               = var.cluster_name
  kubernetes_version = var.kubernetes_version
  subnet_ids         = module.network.private_subnet_ids
  api_allowed_cidrs  = var.api_allowed_cidrs
  secrets_key_arn    = module.cluster_key.arn
  log_key_arn        = module.operations_key.arn
  log_retention_days = var.log_retention_days
  addon_versions     = local.addon_versions
  sso_access         = var.sso_access
}

module "registry" {
  source = "../registry"

  names   = var.image_repositories
  key_arn = module.operations_key.arn
}

module "ci" {
  source = "../ci"
  count  = var.github_repository == null ? 0 : 1

  name          = "${local.name}-push-images"
  repository    = var.github_repository
  environment   = var.github_environment
  registry_arns = [for repository in module.registry.repositories : repository.arn]
}

module "alarms" {
  source = "../alarms"

  name              = local.name
  key_arn           = module.operations_key.arn
  emails            = var.alarm_emails
  queue_name        = module.queue.name
  dead_letters_name = module.queue.dead_letters.name
  queue_age_seconds = var.queue_age_alarm_seconds
  budget            = { usd_per_month = var.budget_usd_per_month, project = var.project }
}
