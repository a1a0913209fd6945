output "name" {
  description = "Name of the node group."
  value       = aws_eks_node_group.this.node_group_name
}

output "autoscaling_group" {
  description = "Name of the Auto Scaling group behind it."
  value       = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name
}
