output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Subnets of control plane and nodes, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]
}

output "private_subnet_cidrs" {
  description = "Their addresses: interface endpoints answer from these, so NetworkPolicies allow 443 to them."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].cidr_block]
}

output "s3_endpoint_id" {
  description = "The S3 gateway endpoint: bucket policies hold roles to it."
  value       = aws_vpc_endpoint.s3.id
}
