output "cluster_name" {
  description = "Name of the EKS cluster."
  value       = module.platform.cluster_name
}

output "cluster_endpoint" {
  description = "Address of the Kubernetes API."
  value       = module.platform.cluster_endpoint
}

output "cluster_autoscaler_role_arn" {
  description = "Role of the ServiceAccount kube-system/cluster-autoscaler; null under Karpenter."
  value       = module.platform.cluster_autoscaler_role_arn
}

output "push_images_role_arn" {
  description = "Role that the build job assumes; null without github_repository."
  value       = module.platform.push_images_role_arn
}

output "alarm_topic_arn" {
  description = "Topic of all alarms."
  value       = module.platform.alarm_topic_arn
}

output "gpu_quota" {
  description = "vCPU quota by code: needed at the GPU groups' maximum, and allowed."
  value       = module.platform.gpu_quota
}

output "addon_versions" {
  description = "Versions of the EKS add-ons as applied."
  value       = module.platform.addon_versions
}

output "gitops_bridge" {
  description = "Labels and annotations of Argo CD's cluster secret."
  value       = module.platform.gitops_bridge
}
