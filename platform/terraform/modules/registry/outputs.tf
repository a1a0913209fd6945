output "repositories" {
  description = "Name → arn and url."
  value       = { for name, repository in aws_ecr_repository.this : name => { arn = repository.arn, url = repository.repository_url } }
}
