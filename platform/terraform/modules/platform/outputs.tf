output "cluster_name" {
  description = "Name of the EKS cluster."
  value       = module.cluster.name
}

output "cluster_endpoint" {
  description = "Address of the Kubernetes API."
  value       = module.cluster.endpoint
}

output "cluster_autoscaler_role_arn" {
  description = "Role of the ServiceAccount kube-system/cluster-autoscaler; null under Karpenter."
  value       = one(module.cluster_autoscaler_role[*].arn)
}

output "push_images_role_arn" {
  description = "Role that the build job assumes; null without github_repository."
  value       = one(module.ci[*].role_arn)
}

output "alarm_topic_arn" {
  description = "Topic of all alarms."
  value       = module.alarms.topic_arn
}

output "gpu_quota" {
  description = "vCPU quota by code: needed at the GPU groups' maximum, and allowed."
  value       = module.gpu_quota.vcpus
}

output "addon_versions" {
  description = "Versions of the EKS add-ons as applied: copy them to addon_versions to hold them."
  value       = local.addon_versions
}

# The bridge to GitOps: what manifests must know of the account, and nothing secret. `python -m
# tools.cluster_file` writes it to clusters/<env>/cluster.yaml, and `make bootstrap` to Argo CD's cluster secret.
output "gitops_bridge" {
  description = "Labels and annotations of Argo CD's cluster secret; all values are text."
  value = {
    name = var.cluster_name

    labels = {
      environment     = var.environment
      node-autoscaler = var.node_autoscaler
    }

    annotations = merge(
      {
        aws_account_id           = local.account
        aws_region               = var.region
        cluster_name             = var.cluster_name
        kubernetes_version       = var.kubernetes_version
        private_subnet_cidrs     = join(",", module.network.private_subnet_cidrs)
        worker_role_arn          = module.worker_role.arn
        keda_operator_role_arn   = module.keda_role.arn
        auditor_role_arn         = module.auditor_role.arn
        alertmanager_role_arn    = module.alertmanager_role.arn
        worker_namespace         = var.worker.namespace
        worker_service_account   = var.worker.service_account
        queue_url                = module.queue.url
        queue_arn                = module.queue.arn
        queue_visibility_seconds = tostring(var.visibility_timeout_seconds)
        dead_letters_url         = module.queue.dead_letters.url
        input_bucket             = module.input.name
        output_bucket            = module.output.name
        models_bucket            = module.models.name
        reports_bucket           = module.reports.name
        alarm_topic_arn          = module.alarms.topic_arn
      },
      { for name, repository in module.registry.repositories : "${replace(name, "-", "_")}_repository" => repository.url },
      local.by_cluster_autoscaler ? {
        cluster_autoscaler_role_arn = module.cluster_autoscaler_role[0].arn
        } : {
        karpenter_role_arn           = module.karpenter[0].role_arn
        karpenter_instance_profile   = module.karpenter[0].instance_profile
        karpenter_interruption_queue = module.karpenter[0].interruption_queue
      },
    )
  }
}
