output "role_arn" {
  description = "Role of the ServiceAccount kube-system/karpenter."
  value       = module.controller_role.arn
}

output "instance_profile" {
  description = "Instance profile to name in the EC2NodeClass."
  value       = aws_iam_instance_profile.nodes.name
}

output "interruption_queue" {
  description = "Queue name for Karpenter's settings.interruptionQueue."
  value       = aws_sqs_queue.interruptions.name
}
