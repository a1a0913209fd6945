output "vcpus" {
  description = "Quota code → vCPUs needed at the groups' maximum, and allowed."
  value = { for code, needed in local.needed_of : code => {
    needed  = needed
    allowed = data.aws_servicequotas_service_quota.gpu[code].value
  } }
}
