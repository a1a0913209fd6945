output "role_arn" {
  description = "Role that the build job assumes."
  value       = aws_iam_role.push.arn
}
