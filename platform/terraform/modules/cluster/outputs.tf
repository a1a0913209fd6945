output "name" {
  description = "Name of the cluster, once nodes can join it: the network add-ons are there."
  value       = aws_eks_cluster.this.name

  depends_on = [aws_eks_addon.vpc_cni, aws_eks_addon.kube_proxy, aws_eks_addon.pod_identity_agent]
}

output "arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "endpoint" {
  description = "Address of the API server."
  value       = aws_eks_cluster.this.endpoint
}

output "certificate_authority" {
  description = "The API server's certificate authority, base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "oidc_provider" {
  description = "The cluster's OIDC provider: ARN, and issuer without https://."
  value       = local.oidc_provider
}
