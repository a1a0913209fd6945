output "arn" {
  description = "ARN of the role, usable as soon as its permissions are in force."
  value       = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}
